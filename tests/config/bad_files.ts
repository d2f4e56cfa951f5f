/** Files that hold a value which is not allowed, and what is said of it. */
export const BAD_FILES: readonly (readonly [name: string, file: unknown, message: string])[] = [
  [
    "an unknown key",
    { misp: { uri: "x" } },
    'unknown key "misp.uri"; did you mean misp.url? `help config` lists the keys',
  ],
  [
    "an unknown section",
    { mips: { url: "x" } },
    'unknown section "mips"; did you mean misp? `help config` lists the keys',
  ],
  [
    "an empty unknown section",
    { honeypott: {} },
    'unknown section "honeypott"; did you mean honey',
  ],
  [
    "a key that is like none",
    { misp: { colour: 1 } },
    'unknown key "misp.colour"; `help config` lists the keys',
  ],
  ["a key of Object", { constructor: { name: "x" } }, 'unknown section "constructor"; `help'],
  ["__proto__", '{"__proto__": {}}', 'unknown section "__proto__"; `help'],
  ["a section that is a text", { misp: "x" }, '"misp" must be an object of keys'],
  ["a flat key", { "misp.url": "https://misp.example" }, '"misp.url" must be an object of keys'],
  ["a list", [], "must hold one JSON object"],
  ["null", "null", "must hold one JSON object"],
  [
    "a number that is a text",
    { buffer: { period_minutes: "15" } },
    'buffer.period_minutes is "15"; allowed is a number from 0 to 1440',
  ],
  [
    "a number too small",
    { buffer: { period_minutes: -1 } },
    "buffer.period_minutes is -1; allowed is a number from 0 to 1440",
  ],
  [
    "a number too large",
    { misp: { distribution: 5 } },
    "misp.distribution is 5; allowed is a whole number from 0 to 4",
  ],
  [
    "a part of a whole number",
    { misp: { analysis: 0.5 } },
    "misp.analysis is 0.5; allowed is a whole number from 0 to 2",
  ],
  [
    "a truth that is a number",
    { misp: { publish: 1 } },
    "misp.publish is 1; allowed is true or false",
  ],
  [
    "a list that is a text",
    { rules: { ids: "5710" } },
    'rules.ids is "5710"; allowed is a list of texts',
  ],
  [
    "a list of numbers",
    { rules: { ids: [5710] } },
    "rules.ids is [5710]; allowed is a list of texts",
  ],
  [
    "an invalid rule",
    { rules: { ids: ["5710", "ssh"] } },
    'rules.ids is "ssh"; allowed is rule numbers',
  ],
  [
    "an invalid choice",
    { log: { level: "loud" } },
    'log.level is "loud"; allowed is one of debug, info, warning, error',
  ],
  [
    "an invalid address",
    { misp: { url: "ftp://misp.example" } },
    'misp.url is "ftp://misp.example"; allowed is an http or https address',
  ],
  [
    "an address with a query",
    { forward: { url: "https://serve.example/?a=b" } },
    "forward.url is (secret); allowed is an address without a query (?) or a fragment (#)",
  ],
  [
    "an address with a fragment",
    { misp: { url: "https://misp.example/#a" } },
    "misp.url is (secret); allowed is an address without a query (?) or a fragment (#)",
  ],
  [
    "an address with a user name",
    { misp: { url: "https://analyst@misp.example" } },
    "misp.url is (secret); allowed is an address without a user name in it",
  ],
  [
    "a proxy without a port",
    { misp: { proxy: "http://proxy.example" } },
    'misp.proxy is "http://proxy.example"; allowed is http://HOST:PORT, without a user',
  ],
  [
    "a proxy that speaks TLS",
    { misp: { proxy: "https://proxy.example:3128" } },
    'misp.proxy is "https://proxy.example:3128"; allowed is http://HOST:PORT, without a user',
  ],
  [
    "a proxy with a password",
    { misp: { proxy: "http://site:a/b@proxy.example:3128" } },
    "misp.proxy is (secret); allowed is http://HOST:PORT, without a user or a password in it",
  ],
  [
    "a proxy with a password and no scheme",
    { misp: { proxy: "site:secret@proxy.example:3128" } },
    "misp.proxy is (secret); allowed is http://HOST:PORT, without a user or a password in it",
  ],
  [
    "a webhook with a fragment",
    { notify: { webhook_url: "https://hooks.example/a#b" } },
    "notify.webhook_url is (secret); allowed is an address without a fragment (#)",
  ],
  [
    "an invalid network",
    { guard: { allow_networks: ["lan"] } },
    'guard.allow_networks is "lan"; allowed is addresses, networks such as 192.0.2.0/24, or host',
  ],
  [
    "an address to listen at without port",
    { server: { listen: "127.0.0.1" } },
    'server.listen is "127.0.0.1"; allowed is HOST:PORT',
  ],
  ["null for a value", { buffer: { path: null } }, "buffer.path is null; allowed is a text"],
];
