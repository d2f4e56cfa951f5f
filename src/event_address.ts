/**
 * Where MISP shows an event to people.
 *
 * @module
 */

/** The address at which MISP shows an event; undefined without an http or https address of MISP. */
export function eventAddress(uuid: string, mispUrl: string | undefined): string | undefined {
  if (mispUrl === undefined || !/^https?:\/\//i.test(mispUrl)) return undefined;
  return `${mispUrl.replace(/\/+$/, "")}/events/view/${encodeURIComponent(uuid)}`;
}
