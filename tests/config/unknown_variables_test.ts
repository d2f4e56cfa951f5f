import assert from "node:assert/strict";
import { refuseUnknownVariables } from "../../src/config/unknown_variables.ts";

function refusal(...set: readonly string[]): string {
  try {
    refuseUnknownVariables("/var/ossec", (name) => set.includes(name));
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
}

const SLIPS: readonly (readonly [variable: string, meant: string])[] = [
  ["WM_MISP_URLL", "WM_MISP_URL"],
  ["WM_MSIP_URL", "WM_MISP_URL"],
  ["WM_MISP_ULR", "WM_MISP_URL"],
  ["WM_MISPURL", "WM_MISP_URL"],
  ["WM_MISP_KEY", "WM_MISP_API_KEY"],
  ["WM_API_KEY", "WM_MISP_API_KEY"],
  ["WM_HONEYPOTT_AGENT_PREFIXES", "WM_HONEYPOT_AGENT_PREFIXES"],
  ["WM_HONEYPOT_AGENT_PREFIX", "WM_HONEYPOT_AGENT_PREFIXES"],
  ["WM_BUFFER_PERIOD", "WM_BUFFER_PERIOD_MINUTES"],
  ["WM_CONFIGG", "WM_CONFIG"],
];

Deno.test("refuseUnknownVariables() finds a slip, and says what was meant", () => {
  for (const [variable, meant] of SLIPS) {
    assert.equal(
      refusal(variable),
      `unknown variable ${variable}; did you mean ${meant}? \`help config\` lists the keys`,
    );
  }
});

Deno.test("refuseUnknownVariables() refuses no variable of the program", () => {
  const set = ["WM_MISP_URL", "WM_MISP_API_KEY", "WM_MISP_API_KEY_FILE", "WM_CONFIG"];
  assert.equal(refusal(...set, "WM_HOOK_URL", "WM_HOOK_KEY", "WM_SOAK", "WM_IGNORED"), "none");
});
