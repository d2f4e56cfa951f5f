/**
 * Where a secret could have left a trace.
 *
 * @module
 */

/** Everything below a folder, as text. A publisher that ends meanwhile removes files. */
export async function contentsOf(folder: string): Promise<string> {
  let text = "";
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    try {
      if (isDirectory) text += await contentsOf(path);
      else text += `${path}\n${new TextDecoder("latin1").decode(await Deno.readFile(path))}\n`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return text;
}

/** The arguments of all processes that are about this folder. */
export async function argumentsOf(folder: string): Promise<readonly string[]> {
  const list = 'for file in /proc/[0-9]*/cmdline; do tr "\\0" " " <$file; echo; done 2>/dev/null';
  const { stdout } = await new Deno.Command("sh", { args: ["-c", list] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line.includes(folder));
}
