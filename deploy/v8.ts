/**
 * How V8 is set up in the binary.
 *
 * @module
 */

/**
 * What is thrown away at once, such as MISP's answers, is collected before it fills three times 16 MiB:
 * a publisher that works for hours would otherwise keep that much for good.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=2";
