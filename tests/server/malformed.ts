/**
 * Parts of requests that no sender should send, in an order that a seed decides.
 *
 * `WM_TEST_SEED=N` repeats a run.
 *
 * @module
 */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { sshdAlert } from "../support/fixtures.ts";
import { seededRandom } from "../support/random.ts";
import { TOKEN } from "./rig.ts";

export const SEED = Number(Deno.env.get("WM_TEST_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** A whole number from 0 to below what it is asked for. */
export const random = seededRandom(SEED);
export const pick = <T>(choices: readonly T[]): T => choices[random(choices.length)]!;
/** The one in one of `oneOf` cases, else the other. */
export const maybe = <T>(one: T, other: T, oneOf = 2): T => random(oneOf) === 0 ? one : other;
const encoder = new TextEncoder();
export const bytes = (length: number) => Uint8Array.from({ length }, () => random(256));
/** Text of characters of one byte each, as headers may have them. */
export const latin = (length: number) =>
  String.fromCharCode(
    ...Array.from({ length }, () => pick([9, 32 + random(95), 128 + random(128)])),
  );

export const METHODS = [
  ...["GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
  ...["BREW", "patch", "M-SEARCH", "PROPFIND", "get", "x".repeat(300), "!#$%&'*+-.^_`|~"],
];

const PIECES = [
  ...[
    "alerts",
    "alerts",
    "alerts",
    "healthz",
    "livez",
    "readyz",
    "metrics",
    "feed",
    "docs",
    "openapi.json",
  ],
  ...[
    "sources.csv",
    "manifest.json",
    "hashes.csv",
    "..",
    ".",
    "",
    "%2f",
    "%2F..%2f",
    "%00",
    "%0d%0a",
  ],
  ...[
    "%",
    "%zz",
    "%c0%af",
    "%e2%82",
    "%ff",
    "a%2fb",
    ":token",
    "*",
    "?",
    "#",
    "??x=%",
    "\\",
    ";",
    "@",
  ],
  ...["constructor", "__proto__", TOKEN, encodeURIComponent(TOKEN), "ü", "😀", "x".repeat(5000)],
];

/** The target of a request, often the route of alerts. */
export const path = () =>
  maybe("/alerts", `/${Array.from({ length: 1 + random(4) }, () => pick(PIECES)).join("/")}`, 3);

const HEADERS: Readonly<Record<string, () => string>> = {
  "Authorization": () =>
    pick([
      ...[
        `Bearer ${TOKEN}`,
        `Basic ${btoa(`:${TOKEN}`)}`,
        "Basic !!!",
        "Basic",
        "Bearer",
        "Digest x",
      ],
      ...[`Bearer ${"x".repeat(random(60_000))}`, `Basic ${btoa(latin(50))}`, latin(30)],
    ]),
  "Content-Type": () =>
    pick([
      ...["application/json", "text/plain; charset=utf-16", "application/json; charset=klingon"],
      ...["multipart/form-data", "multipart/form-data; boundary=", latin(20), "", "/", "a/b;;;="],
    ]),
  "Content-Encoding": () =>
    pick([
      ...["gzip", "GZIP ", "deflate", "zstd", "br", "x-gzip", "identity", "", "gzip, gzip"],
      ...["constructor", "__proto__", "toString", latin(10)],
    ]),
  "Content-Length": () => pick(["0", "-1", "1e9", "99999999999999999999", "x"]),
  "Transfer-Encoding": () => pick(["chunked", "gzip, chunked", "x"]),
  "Origin": () => pick(["null", "http://127.0.0.1", "https://evil.example", latin(10)]),
  "If-None-Match": () => pick(["*", '"', "W/", '"a",,,"b', latin(40), ",".repeat(5000)]),
  "If-Modified-Since": () => pick(["x", "Thu, 01 Jan 1970 00:00:00 GMT"]),
  "Range": () => pick(["bytes=0-0", "bytes=-1", "bytes=9-1", latin(10)]),
  "Accept": () => pick(["*/*", "text/html;q=x", latin(10)]),
  "Cookie": () => latin(random(3000)),
  "X-Forwarded-For": () => "127.0.0.1",
  "X-Long": () => "x".repeat(random(maybe(100_000, 10, 20))),
};

/** Up to four headers. */
export function headers(): Record<string, string> {
  const names = Object.keys(HEADERS);
  const found: Record<string, string> = {};
  for (let n = random(5); n > 0; n--) {
    const name = pick(names);
    found[name] = HEADERS[name]!();
  }
  return found;
}

/** Changes a few characters of a text. */
function mutated(text: string): string {
  let result = text;
  for (let n = 1 + random(4); n > 0; n--) {
    const at = random(result.length);
    result = result.slice(0, at) +
      pick(["", '"', "{", "}", "\0", "\\u", ",", "\n", "\ud800", latin(3)]) +
      result.slice(at + random(5));
  }
  return result;
}

const alert = () => JSON.stringify(sshdAlert());
const DEEP = 20_000;

const TEXTS: readonly (() => string)[] = [
  alert,
  () => mutated(alert()),
  () => Array.from({ length: random(20) }, () => maybe(alert(), mutated(alert()))).join("\n"),
  () => `[${Array.from({ length: random(9) }, () => maybe(alert(), "null")).join(",")}`,
  () => "[".repeat(DEEP),
  () => "x".repeat(70_000),
  () => "[".repeat(DEEP) + "]".repeat(DEEP),
  () => '{"a":'.repeat(DEEP / 4) + "1" + "}".repeat(DEEP / 4),
  () => '{"_source":'.repeat(2000) + "{}" + "}".repeat(2000),
  () => `{"hits":{"hits":[${alert()},{"_source":${maybe("[]", alert())}}]}}`,
  () => '{"__proto__":{"rule":1},"constructor":{"prototype":{}},"rule":{"__proto__":null}}',
  () => '{"rule":{"id":1e999,"level":-0},"full_log":5,"agent":[],"manager":{"name":{}},"id":[]}',
  () => JSON.stringify({ ...sshdAlert(), full_log: pick([null, [], {}, 1e308, "\0", latin(500)]) }),
  () =>
    JSON.stringify({ ...sshdAlert(), timestamp: pick(["", "x", "9999999-01-01T00:00:00Z", 5]) }),
  () => "\ufeff" + alert(),
  () => pick(["", " ", "\n\n", "null", "true", "5", '"x"', "{}", "[]", "[[]]", "NaN", "{'a':1}"]),
  () => latin(random(2000)),
];

/** Older runtimes know no zstd. */
const PACKERS = [gzipSync, deflateSync, zstdCompressSync].filter((pack) => {
  try {
    return pack("").length > 0;
  } catch {
    return false;
  }
});

function makeBody(): Uint8Array<ArrayBuffer> {
  const text = random(10) === 0 ? bytes(random(3000)) : encoder.encode(pick(TEXTS)());
  const cut = (whole: Uint8Array) => new Uint8Array(whole.subarray(0, random(whole.length + 1)));
  switch (random(10)) {
    case 0:
      return cut(gzipSync(text));
    case 1:
      return new Uint8Array(pick(PACKERS)(text));
    case 2:
      return cut(pick(PACKERS)(text));
    case 3:
      return new Uint8Array(brotliCompressSync(text.subarray(0, 100)));
    case 4: {
      // Bytes of UTF-16, which are no UTF-8.
      return Uint8Array.from(text.subarray(0, 4000), (byte, index) => index % 2 === 0 ? byte : 0);
    }
    case 5:
      return cut(text);
    default:
      return new Uint8Array(text);
  }
}

/** Made once: packing takes longer than what is tested. */
const BODIES = Array.from({ length: 1500 }, makeBody);
/** What a request brings: packed, cut, too deep, too long, or sound. */
export const body = () => pick(BODIES);
