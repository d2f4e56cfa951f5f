/**
 * Makes V8's code of the start script: `warm.ts` runs an integration call and writes the code down.
 *
 * @module
 */
import { sampleAlert } from "../../src/wazuh/sample_alert.ts";
import { deno, fail, output } from "../deno.ts";
import { ALLOW_ENV } from "../permissions.ts";
import { START_CODE, START_SCRIPT } from "./start_script.ts";
import { V8_FLAGS } from "./v8.ts";

/** The same source gives the same binary, so the alert is always of this time. */
const ALERT_TIME = Date.UTC(2026, 7, 23, 6, 14, 7, 412);

/** The guard refuses private addresses and those of examples. */
const SOURCE = "1.1.1.1";

/** What `compileStart` needs. */
export interface CompileStart {
  /** A folder that nobody else uses. */
  readonly workFolder: string;
  /** Where `bundleStart` has written; the code comes there, too. */
  readonly bundle: string;
  /** The configuration of Deno. */
  readonly config: string;
}

/** Writes V8's code beside the script: that of a call that finds its buffer. */
export async function compileStart({ workFolder, bundle, config }: CompileStart): Promise<void> {
  const warm = `${workFolder}/warm`;
  const root = `${workFolder}/root`;
  Deno.mkdirSync(`${root}/queue/custom-misp`, { recursive: true });
  Deno.mkdirSync(`${root}/logs`);
  await deno([
    ...["compile", "--quiet", "--no-check", "--no-lock", "--config", config],
    ...["--no-code-cache", V8_FLAGS, "--no-prompt", `--allow-read=${workFolder}`],
    // Beside etc/: the call drops what it may write there, and with that a permission for a folder above.
    ...[`--allow-write=${root}/queue,${root}/logs,${bundle}`, ALLOW_ENV],
    ...["--include", `${bundle}/main.js`, "--include", `${bundle}/${START_SCRIPT}`],
    ...["--output", warm, `${bundle}/warm.js`],
  ]);
  const file = `${workFolder}/alerts/one.alert`;
  Deno.mkdirSync(`${workFolder}/alerts`);
  // The first call makes the buffer; the code of the second one is kept.
  for (const second of [0, 1]) {
    const alert = sampleAlert(ALERT_TIME + second * 1000, SOURCE);
    Deno.writeTextFileSync(file, JSON.stringify(alert));
    const call = ["--root", root, file, "", "", "debug"];
    const args = [`${bundle}/${START_CODE}`, ...call];
    const printed = await output("the call that makes V8's code", warm, { args, clearEnv: true });
    if (!printed.startsWith("accepted 1,")) {
      fail(`the call that makes V8's code did not store its alert: ${printed}`);
    }
  }
}
