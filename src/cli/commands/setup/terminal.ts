/**
 * Asks the user: a line at a time, and secrets without showing them.
 *
 * @module
 */
import { EXIT, Failure } from "../../exit.ts";

const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACES: readonly number[] = [8, 127];
const LINE_ENDS: readonly number[] = [10, 13];

/** A terminal that answers questions. */
export interface Terminal {
  /** Asks for a line; what is typed is trimmed. @throws {Failure} the input ends */
  ask(question: string): string;
  /** The same, but what is typed is not shown. */
  askSecret(question: string): string;
}

/** The terminal of standard input; undefined where that is a file or a pipe. */
export function terminalOf(stdin: typeof Deno.stdin): Terminal | undefined {
  if (!stdin.isTerminal()) return undefined;
  return {
    ask: (question) => {
      print(question);
      return lineOf(stdin);
    },
    askSecret: (question) => {
      // Before the question, or a quick answer would be shown.
      stdin.setRaw(true);
      try {
        print(question);
        return lineOf(stdin);
      } finally {
        stdin.setRaw(false);
        print("\n");
      }
    },
  };
}

/** Without a newline, so that the answer follows. */
function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

/** A line as a terminal gives it: in raw mode with its control characters. */
function lineOf(stdin: typeof Deno.stdin): string {
  const typed: number[] = [];
  const [byte] = [new Uint8Array(1)];
  for (;;) {
    const read = stdin.readSync(byte);
    const sign = byte[0]!;
    if (read === null || sign === CTRL_C || sign === CTRL_D && typed.length === 0) {
      throw new Failure(EXIT.failed, "setup was ended; nothing was written");
    }
    if (LINE_ENDS.includes(sign)) return new TextDecoder().decode(new Uint8Array(typed)).trim();
    if (BACKSPACES.includes(sign)) typed.pop();
    else typed.push(sign);
  }
}

/** Asks a question that Enter answers with no. */
export function isYes(terminal: Terminal, question: string): boolean {
  return /^y(es)?$/i.test(terminal.ask(`${question} [y/N] `));
}
