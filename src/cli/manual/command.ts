/**
 * What is known of a command: the shape of the manual's entries.
 *
 * @module
 */

/** What a shell completes behind an option or a command. */
export type Filling = "file" | "folder" | "other";

/** An option. */
export interface Option {
  readonly name: string;
  /** Its value as the synopsis writes it; an option without it is a switch. */
  readonly value?: string;
  readonly filling?: Filling;
  readonly about: string;
}

/** A word that may follow a command. */
export interface Word {
  readonly name: string;
  readonly about: string;
}

/** A command line to copy, without the program's name. */
export interface Example {
  readonly line: string;
  readonly does: string;
}

/** One command. */
export interface Command {
  readonly name: string;
  /** Ways to write it, without the program's name. */
  readonly synopsis: readonly string[];
  /** Half a line for the overview of `help`. */
  readonly brief: string;
  /** Paragraphs of `help COMMAND`. */
  readonly about: readonly string[];
  readonly words?: readonly Word[];
  /** What its arguments are; without it, the command takes none. */
  readonly filling?: Filling;
  readonly options: readonly Option[];
  /** Codes and what they mean here. */
  readonly exit: Readonly<Record<number, string>>;
  readonly examples: readonly Example[];
}
