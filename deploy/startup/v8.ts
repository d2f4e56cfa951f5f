/**
 * V8's flags in the binary.
 *
 * @module
 */

/**
 * - `no-enable-lazy-source-positions`: V8 otherwise reads a whole module again for its positions at the
 *   first error of a process, such as a missing file. That costs a tenth of an integration call.
 * - `max-semi-space-size`, MiB: short-lived objects, such as MISP's answers, are collected before they
 *   fill three times 16 MiB, which a publisher that works for hours would keep. With much less than 8,
 *   V8 moves the alerts of a batch several times before they are stored.
 * - `heap-growing-percent`: V8 collects old memory when its use has grown by two fifths since the last
 *   time. Blocks of lines and bodies are large and soon of no use, and would otherwise pile up.
 * - `no-sparkplug`: an integration call ends before a second compilation is of use. Commands that keep
 *   running switch it on again (src/cli/wiring/v8_tuning.ts).
 */
export const V8_FLAGS = "--v8-flags=--no-enable-lazy-source-positions,--max-semi-space-size=8," +
  "--heap-growing-percent=40,--no-sparkplug";
