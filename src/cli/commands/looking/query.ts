/**
 * Which sources a user asks for, by words and options.
 *
 * @module
 */
import type { Views } from "../../../buffer/views.ts";
import {
  SOURCE_ORDERS,
  SOURCE_STATES,
  type SourceOrder,
  type SourceState,
  type WholeQuery,
} from "../../../buffer/sources.ts";
import { canonicalAddress } from "../../../address.ts";
import { parseNetwork } from "../../../guard/network_set.ts";
import { EXIT, Failure } from "../../exit.ts";
import { oneOf, type Values } from "../../terminal/options.ts";
import { timeOf } from "../../terminal/times.ts";

/** What words and options can ask for. */
type Filter = Omit<WholeQuery, "order">;

/** What a command was given. */
type Given = Values<"sources">;

/**
 * The query of words and options. What a word means is seen by its form; of any other word, the buffer
 * says whether it is the name of a sensor, a user name or a country.
 *
 * @throws {Failure} a value that is not valid, or two words that ask for the same
 */
export async function queryOf(
  words: readonly string[],
  given: Given,
  views: Views,
  now: number,
): Promise<WholeQuery> {
  let filter = optionsOf(given, now);
  for (const word of words) {
    const meant = byForm(word) ?? await byName(word, views);
    for (const name of Object.keys(meant)) {
      if (filter[name as keyof Filter] === undefined) continue;
      throw new Failure(
        EXIT.usage,
        `"${word}" is a second ${WORDS[name] ?? name}; sources takes one of each kind`,
      );
    }
    filter = { ...filter, ...meant };
  }
  return { ...filter, order: orderOf(given) };
}

const WORDS: Readonly<Record<string, string>> = {
  cidr: "address or network",
  username: "user name",
};

function optionsOf(given: Given, now: number): Filter {
  const { user, sensor, country, network, technique, state, since } = given;
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(sensor === undefined ? {} : { sensor }),
    ...(country === undefined
      ? {}
      : { country: matching("country", country, COUNTRY, "two letters such as NL") }),
    ...(network === undefined
      ? {}
      : { network: matching("network", network, NETWORK, "a number such as AS64500") }),
    ...(technique === undefined
      ? {}
      : { technique: matching("technique", technique, TECHNIQUE, "an id such as T1110.001") }),
    ...(state === undefined ? {} : { state: oneOf("state", state, SOURCE_STATES) as SourceState }),
    ...(since === undefined ? {} : { since: timeOf("--since", since, now) }),
  };
}

const orderOf = ({ order }: Given): SourceOrder =>
  order === undefined ? "attempts" : oneOf("order", order, SOURCE_ORDERS) as SourceOrder;

const COUNTRY = /^[a-z]{2}$/i;
const NETWORK = /^AS\d{1,10}$/i;
const TECHNIQUE = /^T\d{4}(\.\d{3})?$/i;

function matching(option: string, value: string, form: RegExp, example: string): string {
  if (form.test(value)) return value;
  throw new Failure(EXIT.usage, `--${option} "${value}" is not valid; use ${example}`);
}

/** @throws {Failure} it looks like a network and is none */
function byForm(word: string): Filter | undefined {
  const cidr = parseNetwork(word);
  if (cidr !== undefined) return { cidr };
  if (canonicalAddress(word.split("/")[0]!) !== undefined) {
    throw new Failure(
      EXIT.usage,
      `"${word}" is not a valid network; use one such as 192.0.2.0/24 or 2001:db8::/32`,
    );
  }
  if (NETWORK.test(word)) return { network: word };
  return TECHNIQUE.test(word) ? { technique: word } : undefined;
}

/** The first that knows the word: a name of a sensor is chosen by the operator, a user name by attackers. */
async function byName(word: string, views: Views): Promise<Filter> {
  const meanings: readonly Filter[] = [
    { sensor: word },
    { username: word },
    ...(COUNTRY.test(word) ? [{ country: word }] : []),
  ];
  for (const meaning of meanings) {
    const { rows } = await views.sources({ ...meaning, order: "attempts", most: 1 });
    if (rows.length > 0) return meaning;
  }
  return { username: word };
}
