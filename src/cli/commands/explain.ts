/**
 * `explain`: what becomes of each alert of files, and why. It stores nothing.
 *
 * @module
 */
import type { IgnoreReason } from "../../model.ts";
import { explainFile } from "../../intake/explain.ts";
import { intakeRules, loadStartConfig, type Start } from "../wiring/context.ts";
import { NotUnderstood, unreadable } from "./alert_files.ts";
import { explainedJson, explainedText, summaryText } from "./explain_text.ts";
import { EXIT, Failure } from "../exit.ts";
import { parse } from "../terminal/options.ts";
import { screenOf } from "../terminal/screen.ts";

/** Runs `explain [--json] FILE…`. */
export async function explain(start: Start): Promise<number> {
  const { values, positionals: files } = parse("explain", start.args);
  if (files.length === 0) {
    throw new Failure(EXIT.usage, "explain needs files of alerts, or - for standard input");
  }
  const rules = { ...await intakeRules(loadStartConfig(start)), keepsText: false };
  const screen = screenOf(Deno.stdout);
  const notUnderstood = new NotUnderstood();
  const ignored = new Map<IgnoreReason, number>();
  let counted = 0;
  for (const file of files) {
    try {
      for await (const one of explainFile(file, rules, Date.now())) {
        if (one.reason === undefined) counted++;
        else {
          ignored.set(one.reason, (ignored.get(one.reason) ?? 0) + 1);
          if (one.alert === undefined) notUnderstood.add(file, one.where, one.reason);
        }
        console.log(
          values.json
            ? JSON.stringify(explainedJson(file, one))
            : `${explainedText(file, one, screen)}\n`,
        );
      }
    } catch (error) {
      throw unreadable(file, error, "explain");
    }
  }
  if (!values.json) console.log(summaryText(counted, ignored));
  return notUnderstood.report();
}
