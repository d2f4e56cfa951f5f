import assert from "node:assert/strict";
import { readAlertFile } from "../../src/wazuh/alert_file.ts";

const read = (text: string) => readAlertFile(new TextEncoder().encode(text));

Deno.test("readAlertFile() says what is wrong with a file", () => {
  assert.deepEqual(read(""), [{ reason: "empty_file", where: "the whole file" }]);
  assert.deepEqual(read("\n \n"), [{ reason: "empty_file", where: "the whole file" }]);
  assert.deepEqual(read("[]"), [{ reason: "empty_file", where: "the whole file" }]);
  assert.deepEqual(read("alertdate='x'\nalertlocation='y'"), [
    { reason: "text_format", where: "the whole file" },
  ]);
  assert.deepEqual(read('{"id":"1","full_log":"cut he'), [
    { reason: "not_json", where: "the whole file" },
  ]);
});

Deno.test("readAlertFile() reads one value, an array, and one value a line", () => {
  assert.deepEqual(read('{"id":"1"}\n'), [{ value: { id: "1" }, where: "the alert" }]);
  assert.deepEqual(read('[{"id":"1"},7]'), [
    { value: { id: "1" }, where: "item 1" },
    { value: 7, where: "item 2" },
  ]);
  assert.deepEqual(read('{"id":"1"}\r\n\n{"id":"2"}\n'), [
    { value: { id: "1" }, where: "line 1" },
    { value: { id: "2" }, where: "line 3" },
  ]);
});

Deno.test("readAlertFile() keeps the good lines beside a damaged one", () => {
  assert.deepEqual(read('{"id":"1"}\n{"id":\n{"id":"3"}'), [
    { value: { id: "1" }, where: "line 1" },
    { reason: "not_json", where: "line 2" },
    { value: { id: "3" }, where: "line 3" },
  ]);
});

Deno.test("readAlertFile() keeps an alert with bytes that are not UTF-8", () => {
  const bytes = new Uint8Array([...new TextEncoder().encode('{"a":"')].concat(0xff, 0x22, 0x7d));
  assert.deepEqual(readAlertFile(bytes), [{ value: { a: "\ufffd" }, where: "the alert" }]);
});

Deno.test("readAlertFile() takes a byte order mark and an alert of 1 MiB", () => {
  const long = "x".repeat(1024 * 1024);
  assert.deepEqual(read(`\ufeff{"full_log":"${long}"}`), [
    { value: { full_log: long }, where: "the alert" },
  ]);
});
