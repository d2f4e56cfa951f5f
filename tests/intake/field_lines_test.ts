/** Log lines as machines in the field write them, from the file of alerts to the count. */
import { assertField, fieldAlert, fieldCases, linesOf } from "../support/field_case.ts";

for (const one of fieldCases("lines")) {
  Deno.test(`snapshotAttack() counts ${one.name}`, async () => {
    await assertField(linesOf(one.alerts.map((alert) => fieldAlert(alert))), one);
  });
}
