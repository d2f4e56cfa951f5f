/**
 * How V8 is set up in the binary.
 *
 * @module
 */

/**
 * The first error of a process, such as a file that is not there, would have V8 read a whole module
 * once more for the places in it: a tenth of what an integration call costs. Known from the start,
 * they cost nothing to speak of.
 *
 * What is thrown away at once, such as MISP's answers, is collected before it fills three times 16 MiB:
 * a publisher that works for hours would otherwise keep that much for good. With much less than half of
 * it, alerts of a batch would be moved several times before they are stored.
 *
 * Old memory is collected when two fifths more of it are used than after the last time: blocks of lines
 * and bodies are large, soon of no use, and would otherwise pile up to several times of what is needed.
 *
 * An integration call is over before code that was compiled a second time is of use; what stays takes
 * that up again (src/cli/wiring/v8_tuning.ts).
 */
export const V8_FLAGS = "--v8-flags=--no-enable-lazy-source-positions,--max-semi-space-size=8," +
  "--heap-growing-percent=40,--no-sparkplug";
