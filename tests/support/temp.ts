/**
 * A folder for one test.
 *
 * @module
 */

/** A folder below /tmp that goes with the test. */
export interface TempFolder extends Disposable {
  readonly path: string;
  /** The path of a file in it. */
  file(name: string): string;
  /** Names of what is in it, in order. */
  names(): readonly string[];
}

/** Makes a folder; `using` removes it with all that is in it. */
export function tempFolder(): TempFolder {
  const path = Deno.makeTempDirSync({ dir: "/tmp", prefix: "custom-misp-" });
  return {
    path,
    file: (name) => `${path}/${name}`,
    names: () => [...Deno.readDirSync(path)].map(({ name }) => name).sort(),
    [Symbol.dispose]: () => removeWhole(path),
  };
}

/** A background publisher may outlive the test that called it, and make a file while the folder goes. */
const TRIES = 100;
const PAUSE_MS = 50;

function removeWhole(path: string): void {
  for (let tries = 1;; tries++) {
    try {
      Deno.removeSync(path, { recursive: true });
      return;
    } catch (error) {
      if (tries === TRIES || !/not empty/.test(String(error))) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
