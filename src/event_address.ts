/**
 * Where MISP shows an event, and its other pages, to people.
 *
 * @module
 */

/** The address at which MISP shows an event; undefined without an http or https address of MISP. */
export function eventAddress(uuid: string, mispUrl: string | undefined): string | undefined {
  return mispAddress(`/events/view/${encodeURIComponent(uuid)}`, mispUrl);
}

/** The address of a page of MISP; undefined without an http or https address of MISP. */
export function mispAddress(path: string, mispUrl: string | undefined): string | undefined {
  if (mispUrl === undefined || !/^https?:\/\//i.test(mispUrl)) return undefined;
  return `${mispUrl.replace(/\/+$/, "")}${path}`;
}
