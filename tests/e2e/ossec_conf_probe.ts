/**
 * Compiled with the permissions of the binary: what reading and writing files below a folder that is not
 * there ends in, before permissions are dropped and after it.
 *
 * @module
 */
import { dropSetupRights, ossecConf, writtenBySetup } from "../../src/cli/ossec_conf.ts";

const [root = "", command = "", word = "", ...others] = Deno.args;

function look(name: string, use: () => void): void {
  try {
    use();
  } catch (error) {
    console.log(`${name}: ${(error as Error).name}`);
  }
}

const read = (path: string) => look(`read ${path}`, () => Deno.readTextFileSync(path));
const write = (path: string) =>
  look(`write ${path}`, () => Deno.openSync(path, { write: true }).close());

read(ossecConf(root));
dropSetupRights(root, command, word);
for (const path of [ossecConf(root), ...others]) read(path);
for (const path of [...writtenBySetup(root), `${root}/queue/custom-misp/x`]) write(path);
