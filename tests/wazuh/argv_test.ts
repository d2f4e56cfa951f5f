import assert from "node:assert/strict";
import { isIntegrationCall, parseIntegrationCall } from "../../src/wazuh/argv.ts";

const FILE = "/tmp/custom-x-1739720771--1274281529.alert";
const COMMANDS = ["flush", "status"];

Deno.test("parseIntegrationCall() reads what 4.8 to 4.14 pass", () => {
  assert.deepEqual(
    parseIntegrationCall([
      FILE,
      "KEY",
      "https://misp.example",
      "",
      "",
      "10",
      "3",
      "> /dev/null 2>&1",
    ]),
    { alertFile: FILE, apiKey: "KEY", hookUrl: "https://misp.example", debug: false },
  );
  assert.deepEqual(
    parseIntegrationCall([FILE, "", "", "debug", "/tmp/x.options", "10", "3"]),
    { alertFile: FILE, apiKey: "", hookUrl: "", debug: true },
  );
});

Deno.test("parseIntegrationCall() reads what 4.0 to 4.6 pass, the redirection glued on", () => {
  assert.deepEqual(parseIntegrationCall([FILE, "", "", " > /dev/null 2>&1"]), {
    alertFile: FILE,
    apiKey: "",
    hookUrl: "",
    debug: false,
  });
  assert.equal(parseIntegrationCall([FILE, "", "", "debug > /dev/null 2>&1"]).debug, true);
});

Deno.test("parseIntegrationCall() keeps the file first when a key with a blank shifts the rest", () => {
  assert.equal(
    parseIntegrationCall([FILE, "half", "key", "", "", "10", "3 > /dev/null 2>&1"]).alertFile,
    FILE,
  );
});

Deno.test("isIntegrationCall() distinguishes calls of integratord from commands", () => {
  assert.equal(isIntegrationCall([FILE, "", "", "", "", "10", "3", ">"], COMMANDS), true);
  assert.equal(isIntegrationCall(["", "", "", "", "", "10", "3", ">"], COMMANDS), true);
  assert.equal(isIntegrationCall([""], COMMANDS), true);
  assert.equal(isIntegrationCall(["fixtures/a.json"], COMMANDS), true);
  assert.equal(isIntegrationCall(["flush", "--now"], COMMANDS), false);
  assert.equal(isIntegrationCall(["flsuh"], COMMANDS), false);
  assert.equal(isIntegrationCall([], COMMANDS), false);
  assert.equal(isIntegrationCall(["--test"], COMMANDS), false);
});
