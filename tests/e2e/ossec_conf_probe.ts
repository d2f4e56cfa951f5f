/**
 * Compiled with the permissions of the binary: what reading a file that is not there ends in, before the
 * permission for ossec.conf is dropped and after it.
 *
 * @module
 */
import { dropOssecConf, ossecConf } from "../../src/cli/ossec_conf.ts";

const [root = "", ...others] = Deno.args.slice(-4);

function look(path: string): void {
  try {
    Deno.readTextFileSync(path);
  } catch (error) {
    console.log(`${path}: ${(error as Error).name}`);
  }
}

look(ossecConf(root));
dropOssecConf(root);
for (const path of [ossecConf(root), ...others]) look(path);
