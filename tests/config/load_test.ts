import assert from "node:assert/strict";
import { PROGRAM } from "../../src/config/defaults.ts";
import { ConfigError } from "../../src/config/values.ts";
import { loadConfig, type Sources } from "../../src/config/load.ts";
import { BAD_FILES } from "./bad_files.ts";

const FILE = `/var/ossec/etc/${PROGRAM}.json`;
const SECRET = "hunter2hunter2hunter2hunter2hunter2hunter";

/** Loads with files and an environment that are given as objects. */
function load(
  file: unknown = undefined,
  environment: Readonly<Record<string, string>> = {},
  changes: Partial<Sources> = {},
) {
  return loadConfig({
    root: "/var/ossec",
    environment: (name) => environment[name],
    readTextFile: (path) => {
      if (file === undefined || path !== (changes.file ?? environment["WM_CONFIG"] ?? FILE)) {
        throw new Deno.errors.NotFound("No such file");
      }
      return typeof file === "string" ? file : JSON.stringify(file);
    },
    ...changes,
  });
}

function errorOf(...args: Parameters<typeof load>): string {
  try {
    load(...args);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  assert.fail("no error");
}

const originOf = (loaded: ReturnType<typeof load>, key: string) =>
  loaded.entries.find((entry) => entry.key === key)?.origin;

Deno.test("loadConfig() gives the defaults where nothing is set", () => {
  const { config, file, fileFound, entries } = load();
  assert.equal(file, "/var/ossec/etc/custom-misp_ssh_bruteforce-publish.json");
  assert.equal(fileFound, false);
  assert.equal(entries.every(({ origin }) => origin === "default"), true);
  assert.equal(config.misp.url, undefined);
  assert.equal(config.misp.timeoutMs, 30_000);
  assert.equal(config.misp.reopenAfterMs, 2_592_000_000);
  assert.equal(config.misp.expireAfterMs, 7_776_000_000);
  assert.equal(config.feed.keepMs, 10_368_000_000);
  assert.equal(config.misp.publish, true);
  assert.equal(config.misp.distribution, 0);
  assert.equal(config.misp.threatLevel, 3);
  assert.equal(config.feed.directory, undefined);
  assert.deepEqual(config.buffer, {
    path: "/var/ossec/queue/custom-misp/buffer.db",
    url: undefined,
    passwordFile: undefined,
    caFile: undefined,
    periodMs: 900_000,
    maxHoldMs: 3_600_000,
    dedupeMs: 604_800_000,
    maxBytes: 1_073_741_824,
  });
  assert.deepEqual(config.honeypot, {
    agentPrefixes: ["honeypot-"],
    agentLabels: [],
    hostnames: [],
    locations: [],
    telnet: false,
    countRefusedKeys: false,
    formats: [],
  });
  const failures = ["2501", "2502", "5503", "5551", "5710", "5712", "5716", "5718", "5719", "5720"];
  for (const id of [...failures, "5758", "5760", "5763"]) assert.ok(config.rules.ids.has(id), id);
  const { allowNetworks, publishPrivate, minAttempts } = config.guard;
  assert.deepEqual([allowNetworks, publishPrivate, minAttempts], [[], false, 1]);
  const { usernames, maxUsernames, sensorNames } = config.privacy;
  assert.deepEqual([usernames, maxUsernames, sensorNames], ["top", 100, "pseudonym"]);
  assert.deepEqual(config.server, {
    listen: "127.0.0.1:8787",
    tokensFile: undefined,
    tlsCert: undefined,
    tlsKey: undefined,
    maxBodyBytes: 8_388_608,
    openPages: false,
    basePath: undefined,
    sourceLinks: [
      "Shodan=https://www.shodan.io/host/{ip}",
      "GreyNoise=https://viz.greynoise.io/ip/{ip}",
      "AbuseIPDB=https://www.abuseipdb.com/check/{ip}",
      "RIPEstat=https://stat.ripe.net/{ip}",
    ],
    silentSensorMs: 86_400_000,
    allowNetworks: [],
    maxParallel: 100,
    maxPerMinute: 0,
    readTimeoutMs: 30_000,
  });
  assert.deepEqual(config.log, {
    file: "/var/ossec/logs/integrations.log",
    level: "info",
    format: "text",
  });
});

Deno.test("loadConfig() puts the environment above the file and the file above the defaults", () => {
  const file = { buffer: { period_minutes: 5, max_hold_minutes: 30 }, log: { level: "debug" } };
  const loaded = load(file, { WM_BUFFER_PERIOD_MINUTES: "0", WM_LOG_FORMAT: "json" });
  assert.equal(loaded.fileFound, true);
  assert.equal(loaded.config.buffer.periodMs, 0);
  assert.equal(originOf(loaded, "buffer.period_minutes"), "environment");
  assert.equal(loaded.config.buffer.maxHoldMs, 1_800_000);
  assert.equal(originOf(loaded, "buffer.max_hold_minutes"), "file");
  assert.deepEqual([loaded.config.log.level, loaded.config.log.format], ["debug", "json"]);
  assert.equal(originOf(loaded, "log.file"), "default");
});

Deno.test("loadConfig() treats an empty environment variable as one that is not set", () => {
  const loaded = load({ log: { level: "error" } }, { WM_LOG_LEVEL: "" });
  assert.equal(loaded.config.log.level, "error");
  assert.equal(originOf(loaded, "log.level"), "file");
});

Deno.test("loadConfig() takes 0 days for never where nothing is to expire or to leave the feed", () => {
  const { config } = load({ misp: { expire_after_days: 0 }, feed: { keep_days: 0 } });
  assert.deepEqual([config.misp.expireAfterMs, config.feed.keepMs], [undefined, undefined]);
});

Deno.test("loadConfig() uses integratord's address and key when nothing else sets them", () => {
  const integratord = { url: "https://misp.example", apiKey: SECRET };
  const loaded = load(undefined, {}, { integratord });
  assert.equal(loaded.config.misp.url, "https://misp.example");
  assert.equal(loaded.config.misp.apiKey, SECRET);
  assert.equal(originOf(loaded, "misp.url"), "integratord");
  assert.equal(originOf(loaded, "misp.api_key"), "integratord");
});

Deno.test("loadConfig() prefers file and environment to integratord", () => {
  const integratord = { url: "https://integratord.example", apiKey: SECRET };
  const file = load({ misp: { url: "https://file.example", api_key: "of-file" } }, {}, {
    integratord,
  });
  assert.deepEqual([file.config.misp.url, file.config.misp.apiKey], [
    "https://file.example",
    "of-file",
  ]);
  const environment = load(undefined, {
    WM_MISP_URL: "https://environment.example",
    WM_MISP_API_KEY_FILE: "/key",
  }, { integratord });
  assert.equal(environment.config.misp.url, "https://environment.example");
  assert.equal(environment.config.misp.apiKeyFile, "/key");
  assert.equal(environment.config.misp.apiKey, undefined);
});

Deno.test("loadConfig() ignores integratord's empty arguments", () => {
  const { config } = load(undefined, {}, { integratord: { url: "", apiKey: "" } });
  assert.deepEqual([config.misp.url, config.misp.apiKey], [undefined, undefined]);
});

Deno.test("loadConfig() names an invalid address of integratord", () => {
  const integratord = { url: "misp.example", apiKey: SECRET };
  assert.equal(
    errorOf(undefined, {}, { integratord }),
    '<hook_url> is "misp.example"; allowed is an http or https address',
  );
});

Deno.test("loadConfig() reads lists from the environment, separated by commas", () => {
  const { config } = load({ honeypot: { agent_prefixes: ["x"] } }, {
    WM_HONEYPOT_AGENT_PREFIXES: "HoneyPot-, sensor- ,,",
    WM_RULES_IDS: "5710,5760",
    WM_GUARD_ALLOW_NETWORKS: "10.0.0.0/8,2001:db8::/32",
    WM_GUARD_PUBLISH_PRIVATE: "true",
  });
  assert.deepEqual(config.honeypot.agentPrefixes, ["honeypot-", "sensor-"]);
  assert.deepEqual([...config.rules.ids], ["5710", "5760"]);
  assert.deepEqual(config.guard.allowNetworks, ["10.0.0.0/8", "2001:db8::/32"]);
  assert.equal(config.guard.publishPrivate, true);
});

Deno.test("loadConfig() reads the file that WM_CONFIG names, and rather the one of --config", () => {
  assert.equal(load({}, { WM_CONFIG: "/etc/a.json" }).file, "/etc/a.json");
  assert.equal(load({}, { WM_CONFIG: "/etc/a.json" }, { file: "/etc/b.json" }).file, "/etc/b.json");
});

Deno.test("loadConfig() wants a file that was named to be there", () => {
  assert.equal(
    errorOf(undefined, {}, { file: "/etc/no.json" }),
    "cannot read the configuration file /etc/no.json: there is no such file; " +
      "check the name after --config or in WM_CONFIG",
  );
  assert.match(errorOf(undefined, { WM_CONFIG: "/etc/no.json" }), /^cannot read .*\/etc\/no\.json/);
});

Deno.test("loadConfig() says so when the default file is there and cannot be read", () => {
  const readTextFile = () => {
    throw new Deno.errors.PermissionDenied("Permission denied");
  };
  assert.equal(
    errorOf(undefined, {}, { readTextFile }),
    `cannot read the configuration file ${FILE}: permission denied; ` +
      "let root own it, with Wazuh's group and mode 640",
  );
});

Deno.test("loadConfig() allows the file to name its schema", () => {
  assert.equal(load({ $schema: "./schema.json" }).fileFound, true);
});

for (const [name, file, message] of BAD_FILES) {
  Deno.test(`loadConfig() refuses ${name} in the file and says what is allowed`, () => {
    const error = errorOf(file);
    assert.ok(error.startsWith(FILE), error);
    assert.ok(error.includes(message), error);
  });
}

const BAD_VARIABLES: readonly (readonly [name: string, value: string, allowed: string])[] = [
  ["WM_BUFFER_PERIOD_MINUTES", "soon", "a number from 0 to 1440"],
  ["WM_BUFFER_PERIOD_MINUTES", " ", "a number from 0 to 1440"],
  ["WM_BUFFER_PERIOD_MINUTES", "1441", "a number from 0 to 1440"],
  ["WM_MISP_TIMEOUT_SECONDS", "Infinity", "a number from 1 to 600"],
  ["WM_MISP_THREAT_LEVEL", "1.5", "a whole number from 1 to 4"],
  ["WM_MISP_PUBLISH", "yes", "true or false"],
  ["WM_PRIVACY_USERNAMES", "none", "one of top, all, count"],
  ["WM_MISP_URL", "misp", "an http or https address"],
  ["WM_SERVER_LISTEN", "8787", "HOST:PORT, such as 127.0.0.1:8787"],
];

for (const [name, value, allowed] of BAD_VARIABLES) {
  Deno.test(`loadConfig() refuses ${name}="${value}" and says what is allowed`, () => {
    assert.equal(
      errorOf(undefined, { [name]: value }),
      `${name} is "${value}"; allowed is ${allowed}`,
    );
  });
}

Deno.test("loadConfig() names the item of a list in the environment that is not allowed", () => {
  assert.equal(
    errorOf(undefined, { WM_RULES_IDS: "5710,x" }),
    'WM_RULES_IDS is "x"; allowed is rule numbers',
  );
});

Deno.test("loadConfig() says that a file is not JSON", () => {
  const says = (line: number, column: number) =>
    `${FILE} is not JSON: line ${line}, column ${column}; ` +
    "check the quotes and commas before that place";
  assert.equal(errorOf('{"misp": }'), says(1, 10));
  assert.equal(errorOf(""), says(1, 1));
  assert.equal(errorOf('{\n  "misp": {\n    "url": "x",\n  }\n}'), says(4, 3));
  assert.equal(errorOf('{\n  "misp": {\n    "url": "x"\n  }'), says(4, 4));
});

Deno.test("loadConfig() never shows a secret in an error", () => {
  const url = `https://analyst:${SECRET}@misp.example`;
  const messages = [
    errorOf({ misp: { api_key: [SECRET] } }),
    errorOf({ misp: { url } }),
    errorOf({ misp: { url: `https://misp.example/?authkey=${SECRET}` } }),
    errorOf({ forward: { url: `https://serve.example/#${SECRET}` } }),
    errorOf({ notify: { webhook_url: `ftp://hooks.example/${SECRET}` } }),
    errorOf({ notify: { webhook_url: [`https://hooks.example/${SECRET}`] } }),
    errorOf({ notify: { webhook_url: `https://x:${SECRET}@hooks.example` } }),
    errorOf(undefined, { WM_MISP_URL: url }),
    errorOf(undefined, {}, { integratord: { url, apiKey: "" } }),
    errorOf(`{"misp": {"api_key": ${SECRET}}}`),
    errorOf(`{"misp": {"api_key": '${SECRET}'}}`),
    errorOf(`{"misp": {"api_key": "${SECRET}" "url": 1}}`),
    errorOf(SECRET),
    errorOf({ misp: SECRET }),
    errorOf({ misp: { apikey: SECRET } }),
    errorOf({ misp: { api_key: SECRET, url: 5 } }),
  ];
  assert.deepEqual(messages.filter((message) => message.includes(SECRET.slice(0, 5))), []);
  assert.deepEqual(messages.filter((message) => message.includes(SECRET.slice(-5))), []);
});

Deno.test("loadConfig() gives the variables that were set, for another process", () => {
  const environment = { WM_MISP_URL: "https://misp.example", WM_LOG_LEVEL: "", HTTP_PROXY: "x" };
  assert.deepEqual(load(undefined, environment).variables, {
    WM_MISP_URL: "https://misp.example",
    WM_LOG_LEVEL: "",
  });
});

Deno.test("loadConfig() wants a sharing group for distribution 4, and for no other", () => {
  const given = (misp: Record<string, unknown>) => {
    try {
      return load({ misp }).config.misp.sharingGroup;
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.equal(given({ distribution: 4, sharing_group: "Honeypots" }), "Honeypots");
  assert.equal(
    given({ distribution: 4 }),
    "misp.distribution is 4 without misp.sharing_group; name the group by its uuid or its name",
  );
  assert.equal(
    given({ sharing_group: "Honeypots" }),
    "misp.sharing_group is set, but misp.distribution is 0; set it to 4",
  );
});

Deno.test("loadConfig() refuses two lists that would write one file", () => {
  const second = (file: string) => ({
    lists: [{ name: "a", format: "plain" }, { name: "b", format: "csv", file }],
    buffer: { path: "/spool/buffer.db" },
  });
  for (const file of ["a", "/spool/lists/a"]) {
    assert.throws(() => load(second(file)), {
      name: "ConfigError",
      message: "lists[1].file is /spool/lists/a, as is that of another list; name another file",
    });
  }
  assert.equal(load(second("/spool/a")).config.lists.length, 2);
});
