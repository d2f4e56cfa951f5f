/**
 * What became of each list: the process that makes them leaves it for `status`, `doctor` and metrics.
 *
 * @module
 */
import type { SettingStore } from "../buffer/settings.ts";
import { isFields } from "../json.ts";
import type { ListRule } from "../list_query.ts";
import { LIST_STATES } from "../publish/names.ts";

/** What became of a list. */
export interface ListState {
  readonly name: string;
  /** How many addresses its file has; undefined: there is no file that can be read. */
  readonly addresses: number | undefined;
  /** Why its file is not the newest; undefined: it is. */
  readonly problem: string | undefined;
  /** When the problem was last logged, milliseconds UTC. */
  readonly loggedAt: number | undefined;
}

/** All lists. */
export interface ListStates {
  /** When they were made last, milliseconds UTC; 0: never. */
  readonly at: number;
  readonly lists: readonly ListState[];
}

/** Reads what was left. */
export async function readStates(settings: SettingStore): Promise<ListStates> {
  const text = await settings.get(LIST_STATES);
  const found: unknown = text === undefined ? undefined : JSON.parse(text);
  if (!isFields(found) || !Array.isArray(found.lists)) return { at: 0, lists: [] };
  return { at: Number(found.at), lists: found.lists.filter(isFields).map(stateOf) };
}

function stateOf(fields: Record<string, unknown>): ListState {
  const numberOf = (value: unknown) => typeof value === "number" ? value : undefined;
  return {
    name: String(fields.name),
    addresses: numberOf(fields.addresses),
    problem: typeof fields.problem === "string" ? fields.problem : undefined,
    loggedAt: numberOf(fields.loggedAt),
  };
}

/** What became of the lists of a configuration; one that was not made yet is left out. */
export async function statesOf(
  lists: readonly ListRule[],
  settings: SettingStore,
): Promise<readonly ListState[]> {
  if (lists.length === 0) return [];
  const found = (await readStates(settings)).lists;
  return found.filter((state) => lists.some(({ name }) => name === state.name));
}

/** Leaves it for others. */
export async function writeStates(settings: SettingStore, states: ListStates): Promise<void> {
  await settings.put(LIST_STATES, JSON.stringify(states));
}
