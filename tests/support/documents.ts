/**
 * The project's documents, and the examples in them.
 *
 * @module
 */

const PROJECT = new URL("../../", import.meta.url);

/** The text of a file of the project. */
export function readProjectFile(path: string): string {
  return Deno.readTextFileSync(new URL(path, PROJECT));
}

/** Every Markdown file of the project, by its path in it. */
export function* documents(folder = ""): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(new URL(`./${folder}`, PROJECT))) {
    if (isDirectory && !/^(\..*|node_modules|dist)$/.test(name)) {
      yield* documents(`${folder}${name}/`);
    } else if (isFile && name.endsWith(".md")) yield folder + name;
  }
}

/** The fenced blocks of a document in one language, or in none, without their indentation. */
export function blocksOf(path: string, language: string): readonly string[] {
  const blocks = readProjectFile(path).matchAll(/^( *)```(\w*)\n([^]*?)^ *```$/gm);
  return [...blocks].flatMap(([, indent, own, text]) =>
    own === language ? [text!.replaceAll(new RegExp(`^${indent}`, "gm"), "")] : []
  );
}

/** Lines of a shell block as a shell takes them: those that go on in the next one are joined. */
export function shellLines(block: string): readonly string[] {
  return block.replaceAll(/\\\n */g, "").split("\n").filter((line) => line !== "");
}
