import assert from "node:assert/strict";
import { configText } from "../../src/cli/commands/config.ts";
import { NO_TERMINAL } from "../../src/cli/terminal/screen.ts";

const ENTRIES = [
  { key: "misp.url", value: undefined, origin: "default" },
  { key: "misp.tags", value: ["tlp:green", "PAP:GREEN", 'cssa:origin="honeypot"'], origin: "file" },
  { key: "guard.allow_networks", value: [], origin: "environment" },
] as const;

Deno.test("configText() gives each value a line where there is no terminal", () => {
  assert.equal(
    configText("/etc/x.json", ENTRIES, NO_TERMINAL),
    `file: /etc/x.json
misp.url             default     -
misp.tags            file        tlp:green, PAP:GREEN, cssa:origin="honeypot"
guard.allow_networks environment -`,
  );
});

Deno.test("configText() puts what does not fit a terminal on lines of its own", () => {
  assert.equal(
    configText("/etc/x.json", ENTRIES, { columns: 40, isColoured: false }),
    `file: /etc/x.json
misp.url             default     -
misp.tags            file
  tlp:green, PAP:GREEN,
  cssa:origin="honeypot"
guard.allow_networks environment -`,
  );
});

Deno.test("configText() shows no character that could control a terminal", () => {
  const entries = [{ key: "log.file", value: "/a\x1b[31m", origin: "file" }] as const;
  assert.match(configText("/etc/x.json", entries, NO_TERMINAL), /\/a\\u001b\[31m$/);
});
