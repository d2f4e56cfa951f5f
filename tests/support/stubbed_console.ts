/**
 * Catches what is printed.
 *
 * @module
 */

/** What was printed since; the console is itself again at the end. */
export interface StubbedConsole extends Disposable {
  readonly errors: readonly string[];
}

/** Prints nothing from now on. */
export function stubbedConsole(): StubbedConsole {
  const { log, error } = console;
  const errors: string[] = [];
  console.log = () => {};
  console.error = (text: unknown) => void errors.push(String(text));
  return { errors, [Symbol.dispose]: () => void Object.assign(console, { log, error }) };
}
