/**
 * Generated alerts, whose true source is known.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../src/address.ts";
import { DEFAULT_RULES } from "../../src/config/defaults.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { FORGED, hostileName, LINE_FORMS, messageOf, source } from "../support/generators.ts";
import { assertBounded, compositesOnly, defaults, SEED, timed } from "../support/timed_intake.ts";

/** Each gives an alert for each form of a line. */
const RUNS = 4500;
const RULES = [...DEFAULT_RULES];
const COMPOSITES: ReadonlySet<string> = compositesOnly.ruleIds;
const HEADERS = [
  "Aug 23 06:14:06 honeypot-fra1 sshd[26279]: ",
  "",
  "<38>Aug  3 06:14:06 sshd[7]: ",
];
HEADERS.push("2026-08-23T06:31:43.882114+02:00 honeypot-fra1 sshd-session[41822]: ");

Deno.test("decide() takes no address but the true one, whatever name the attacker chose", () => {
  let taken = 0;
  let spoofed = 0;
  const property = fc.property(
    hostileName,
    source,
    fc.integer({ min: 1, max: 65535 }),
    fc.nat(10_000),
    fc.constantFrom<unknown>(...FORGED, undefined, null, 7, ["8.8.8.8"], "true"),
    (name, address, port, pick, claim) => {
      const truth = canonicalAddress(address);
      const srcip = claim === "true" ? address : claim;
      LINE_FORMS.forEach((form, index) => {
        const rule = RULES[(pick + index) % RULES.length]!;
        const line = HEADERS[(pick + index) % HEADERS.length]! +
          messageOf(form, form.isRaw ? name : name.slice(0, 100), address, port);
        const other = messageOf(LINE_FORMS[pick % LINE_FORMS.length]!, name, address, port);
        const data = srcip === undefined ? undefined : { srcip, srcuser: name, dstuser: name };
        const alert = {
          ...sshdAlert({ rule }),
          full_log: line,
          ...(COMPOSITES.has(rule) ? { previous_output: `${line}\n${HEADERS[0]}${other}` } : {}),
          data,
        };
        const rules = COMPOSITES.has(rule) && pick % 2 === 0 ? compositesOnly : defaults;
        const decision = timed(alert, rules);
        if (decision.kind === "ignored") return;
        taken++;
        if (decision.spoofedSrcip) spoofed++;
        for (const { sourceIp, count } of decision.attempts) {
          assert.equal(sourceIp, truth, JSON.stringify(alert));
          assert.ok(Number.isSafeInteger(count) && count >= 0);
        }
        const said: unknown = Array.isArray(srcip) ? srcip[0] : srcip;
        const claimed = typeof said === "string" ? canonicalAddress(said) : undefined;
        assert.equal(decision.spoofedSrcip, claimed !== undefined && claimed !== truth);
      });
    },
  );
  fc.assert(property, { numRuns: RUNS, seed: SEED });
  const part = taken / (RUNS * LINE_FORMS.length);
  assert.ok(part > 0.85 && spoofed > 0, `only ${(part * 100).toFixed(0)} % were read`);
  assertBounded(RUNS * LINE_FORMS.length);
});
