/**
 * A strict reader of Prometheus' text format 0.0.4.
 *
 * @module
 */
import assert from "node:assert/strict";

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * Reads all samples: name and labels as they stand there, and the value.
 *
 * @throws HELP or TYPE missing, twice or late, a bad label, a series that stands there twice, a counter
 * that does not end in `_total`, a histogram whose buckets do not grow
 */
export function parseExposition(text: string): ReadonlyMap<string, number> {
  assert.ok(text.endsWith("\n"), "the last line is not whole");
  const samples = new Map<string, number>();
  const families = new Set<string>();
  let family = "";
  let type = "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === "HELP") {
      assert.match(name, NAME);
      assert.ok(!families.has(name), `${name} stands there twice`);
      families.add(name);
      [family, type] = [name, ""];
    } else if (keyword === "TYPE") {
      assert.deepEqual([name, type], [family, ""], line);
      assert.ok(Object.hasOwn(SUFFIXES, rest), line);
      type = rest;
      assert.equal(type === "counter", name.endsWith("_total"), line);
    } else {
      const [, full = "", labels = "", value = ""] = SAMPLE.exec(line) ?? assert.fail(line);
      assert.ok(SUFFIXES[type]?.includes(full.slice(family.length)), `${line} is not of ${family}`);
      assert.ok(full.startsWith(family), line);
      checkLabels(labels, line);
      const series = line.slice(0, line.lastIndexOf(" "));
      assert.ok(!samples.has(series), `${series} stands there twice`);
      const number = value === "+Inf" ? Infinity : Number(value);
      assert.ok(!Number.isNaN(number) && (type === "gauge" || number >= 0), line);
      samples.set(series, number);
    }
  }
  checkHistograms(samples);
  return samples;
}

function checkLabels(labels: string, line: string): void {
  const seen = new Set<string>();
  for (LABEL.lastIndex = 0; LABEL.lastIndex < labels.length;) {
    const [, name = ""] = LABEL.exec(labels) ?? assert.fail(`bad labels: ${line}`);
    assert.ok(!seen.has(name) && !name.startsWith("__"), line);
    seen.add(name);
  }
}

function checkHistograms(samples: ReadonlyMap<string, number>): void {
  const last = new Map<string, { readonly bound: number; readonly n: number }>();
  for (const [series, n] of samples) {
    const [, name, bound = "", others] = /^(.*)_bucket\{le="([^"]+)",?(.*)\}$/.exec(series) ?? [];
    if (name === undefined) continue;
    const key = `${name}_count{${others}}`;
    const before = last.get(key) ?? { bound: -Infinity, n: 0 };
    const next = { bound: bound === "+Inf" ? Infinity : Number(bound), n };
    assert.ok(next.bound > before.bound && next.n >= before.n, series);
    last.set(key, next);
  }
  for (const [key, { bound, n }] of last) {
    assert.deepEqual([bound, n], [Infinity, samples.get(key)], key);
  }
}
