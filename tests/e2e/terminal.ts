/**
 * A program in a pseudo-terminal, whose questions a test answers.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A question, as it ends on the screen, and what is typed after it. */
export type Dialogue = readonly (readonly [question: string, answer: string])[];

/** What a terminal showed, with the echo of what was typed, and the exit code. */
export interface Shown {
  readonly code: number;
  readonly screen: string;
}

const quoted = (word: string) => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** Runs a program in a terminal of its own, by `script` of util-linux, and answers its questions. */
export async function inTerminal(
  line: readonly string[],
  environment: Readonly<Record<string, string>>,
  dialogue: Dialogue,
): Promise<Shown> {
  const child = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--return", "--command", line.map(quoted).join(" "), "/dev/null"],
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", TERM: "dumb", ...environment },
    cwd: "/",
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const decoder = new TextDecoder();
  let screen = "";
  let from = 0;
  const waiting = [...dialogue];
  for await (const bytes of child.stdout) {
    screen += decoder.decode(bytes, { stream: true });
    for (const [question, answer] of waiting.slice(0, 1)) {
      const at = screen.indexOf(question, from);
      if (at < 0) continue;
      from = at + question.length;
      waiting.shift();
      await writer.write(new TextEncoder().encode(`${answer}\n`));
    }
  }
  const { code } = await child.status;
  await writer.close().catch(() => undefined);
  await child.stderr.cancel();
  assert.deepEqual(waiting, [], screen);
  return { code, screen: screen.replaceAll("\r\n", "\n") };
}
