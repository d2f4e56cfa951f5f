/**
 * What a list of sources is asked for, as the address of the page says it. Pure.
 *
 * @module
 */
import { canonicalAddress } from "../../../address.ts";
import { RANKING_SPANS, type RankingSpan } from "../../../buffer/rankings.ts";
import {
  SOURCE_ORDERS,
  SOURCE_STATES,
  type SourceCursor,
  type SourceQuery,
} from "../../../buffer/sources.ts";
import { DAY, HOUR } from "../../../clock.ts";
import { type Network, parseNetwork } from "../../../guard/network_set.ts";
import { cleaned } from "../text.ts";

/** The fields of the search form. */
export const FIELDS = [
  ...["address", "username", "sensor", "country", "network", "technique"] as const,
  ...["state", "seen", "order"] as const,
];

/** A field of the search form. */
export type Field = typeof FIELDS[number];

/** What was asked for. */
export interface Asked {
  /** As they were written; empty ones are left out. */
  readonly fields: ReadonlyMap<Field, string>;
  readonly query: SourceQuery;
  /** What is not valid, a sentence each. */
  readonly problems: readonly string[];
}

/** Longest text that is searched for, characters. */
const LONGEST = 500;

const SPANS: Readonly<Record<RankingSpan, number>> = {
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
};

/** What a technique is called in ATT&CK, and a network in the registries. */
const TECHNIQUE = /^t\d{4}(\.\d{3})?$/i;
const NETWORK = /^as\d{1,10}$/i;

/**
 * Reads the query of an address.
 *
 * @param now milliseconds UTC
 * @param most rows that the list has at most
 */
export function askedFor(params: URLSearchParams, now: number, most: number): Asked {
  const problems: string[] = [];
  const fields = new Map<Field, string>();
  for (const name of FIELDS) {
    // A user name may begin with a space.
    const given = params.get(name) ?? (name === "address" ? params.get("cidr") : null) ?? "";
    const text = name === "username" ? given : given.trim();
    if (text !== "") fields.set(name, text);
  }
  const valid = <Value>(
    name: Field | "after",
    text: string | undefined,
    read: (text: string) => Value | undefined,
    instead: string,
  ): Value | undefined => {
    if (text === undefined) return undefined;
    const value = text.length > LONGEST ? undefined : read(text);
    if (value === undefined) {
      problems.push(`${name}: "${cleaned(text, 60)}" is not valid; use ${instead}.`);
    }
    return value;
  };
  const field = <Value>(name: Field, read: (text: string) => Value | undefined, instead: string) =>
    valid(name, fields.get(name), read, instead);
  const any = (text: string) => text;
  const oneOf = <Name extends string>(names: readonly Name[]) => (text: string) =>
    names.find((name) => name === text);
  const seen = field("seen", oneOf(RANKING_SPANS), RANKING_SPANS.join(", "));
  const query: SourceQuery = {
    cidr: field<Network>("address", parseNetwork, "an address or a network such as 192.0.2.0/24"),
    username: field("username", any, `at most ${LONGEST} characters`),
    sensor: field("sensor", any, `at most ${LONGEST} characters`),
    country: field("country", matching(/^[a-z]{2}$/i), "two letters such as NL"),
    network: field("network", asNumber, "a number of an AS such as AS64500"),
    technique: field("technique", matching(TECHNIQUE), "an id such as T1110.001"),
    state: field("state", oneOf(SOURCE_STATES), SOURCE_STATES.join(", ")),
    since: seen === undefined ? undefined : now - SPANS[seen],
    order: field("order", oneOf(SOURCE_ORDERS), SOURCE_ORDERS.join(", ")) ?? "attempts",
    after: valid("after", params.get("after") || undefined, readCursor, "a link of this page"),
    most,
  };
  return { fields, query, problems };
}

const matching = (form: RegExp) => (text: string) => form.test(text) ? text : undefined;

function asNumber(text: string): string | undefined {
  const name = /^\d/.test(text) ? `AS${text}` : text.toUpperCase();
  return NETWORK.test(name) ? name : undefined;
}

function readCursor(text: string): SourceCursor | undefined {
  const [, value, address = ""] = /^(\d{1,15})~(\S{2,45})$/.exec(text) ?? [];
  const sourceIp = canonicalAddress(address);
  return sourceIp === undefined ? undefined : { value: Number(value), sourceIp };
}

/**
 * The address of a list.
 *
 * @param path `/sources`, or one of its other forms
 * @param changes fields that differ; undefined: without it
 */
export function listAddress(
  path: string,
  fields: ReadonlyMap<Field, string>,
  changes: { readonly [name in Field]?: string | undefined } & {
    readonly after?: SourceCursor | undefined;
  } = {},
): string {
  const { after, ...changed } = changes;
  const params = new URLSearchParams();
  for (const name of FIELDS) {
    const value = name in changed ? changed[name] : fields.get(name);
    if (value !== undefined) params.set(name, value);
  }
  if (after !== undefined) params.set("after", `${after.value}~${after.sourceIp}`);
  return params.size === 0 ? path : `${path}?${params}`;
}

/** Where the look-up form leads: to the page of an address, or to a list of sources. */
export function lookUpAddress(text: string): string {
  const asked = text.trim().slice(0, 100);
  if (asked === "") return "/sources";
  const list = (field: Field) => listAddress("/sources", new Map([[field, asked]]));
  if (asked.includes("/") && parseNetwork(asked) !== undefined) return list("address");
  if (NETWORK.test(asked)) return list("network");
  if (TECHNIQUE.test(asked)) return list("technique");
  return `/sources/${encodeURIComponent(asked)}`;
}
