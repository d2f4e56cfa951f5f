/**
 * Writes reports into a MISP feed folder (docs/contracts/misp.md 6): any MISP can pull it, without a key.
 *
 * @module
 */
import type { Report } from "../model.ts";
import type { Outcome, Sink } from "../sink.ts";
import type { MispEvent } from "../misp/event.ts";
import { type FeedOrganisation, nextEvent, readEvent } from "./event_file.ts";
import { FeedIndex } from "./feed_index.ts";
import { makeFolder, replaceFile, syncFolder } from "./replace_file.ts";
import { DAY } from "../clock.ts";
import { faultPoint } from "../fault_point.ts";
import { messageOf } from "../errors.ts";
import { inParallel } from "../in_parallel.ts";
import type { Fields } from "../json.ts";

export type { FeedOrganisation };

/** The most reports that are written before the manifest lists their events. */
const BATCH = 2000;

/** Files that are written at a time: each waits for the disk. */
const FILES_AT_ONCE = 16;

/** Up to so many events the manifest is written at any time. */
const SMALL = 2000;

/** How long reports gather for each event of a larger feed, milliseconds: a minute at 100,000 events. */
const REST_PER_EVENT_MS = 0.6;

/** Writes reports into a folder: event files first, then the hashes, the manifest last. */
export class FeedSink implements Sink {
  readonly name = "feed";
  readonly atOnce = BATCH;
  readonly #directory: string;
  readonly #organisationOf: (event: MispEvent) => FeedOrganisation;
  readonly #keepMs: number | undefined;
  /** How the manifest looked when this sink had written it. */
  #written: string | undefined;
  #cleanedAt = -Infinity;
  #restMs = 0;

  /**
   * @param organisationOf the organisation that an event names as its creator
   * @param keepMs how long an event stays that does not change; undefined: for ever
   */
  constructor(
    directory: string,
    organisationOf: (event: MispEvent) => FeedOrganisation,
    keepMs?: number,
  ) {
    this.#directory = directory;
    this.#organisationOf = organisationOf;
    this.#keepMs = keepMs;
  }

  /**
   * The manifest is written whole: the larger it is, the longer it waits for more reports. So writing it
   * takes the same small part of the time, however large the feed.
   */
  get restMs(): number {
    return this.#restMs;
  }

  async *deliver(reports: readonly Report[], now: () => number) {
    for (let start = 0; start < reports.length; start += BATCH) {
      const batch = reports.slice(start, start + BATCH);
      const startedAt = now();
      const outcomes = await this.#write(batch, now);
      for (const report of batch) yield { report, outcome: outcomes.get(report)!, startedAt };
      if ([...outcomes.values()].some(({ kind }) => kind === "unavailable")) return;
    }
  }

  async #write(reports: readonly Report[], now: () => number) {
    const outcomes = new Map<Report, Outcome>();
    try {
      await makeFolder(this.#directory);
      const written = this.#written;
      const index = await FeedIndex.read(
        this.#directory,
        written !== undefined && written === this.#manifestStamp(),
      );
      // An event is written once for all its reports: each write would advance its time by a second.
      const events = [...Map.groupBy(reports, (report) => report.eventUuid).values()];
      const files = new Map<readonly Report[], Fields>();
      const write = async (ofEvent: readonly Report[]) => {
        const outcome = await this.#writeEvent(ofEvent, now()).then((event): Outcome => {
          files.set(ofEvent, event);
          return { kind: "delivered", notes: [] };
        }, (error): Outcome => ({ kind: "retry", reason: this.#explain(error) }));
        for (const report of ofEvent) outcomes.set(report, outcome);
      };
      for await (const _ of inParallel(events, FILES_AT_ONCE, write, () => false));
      // The manifest has them in the order of their reports.
      for (const ofEvent of events) {
        const event = files.get(ofEvent);
        if (event !== undefined) index.set(event);
      }
      const notes = await this.#list(index, now());
      for (const [report, outcome] of notes.length === 0 ? [] : outcomes) {
        if (outcome.kind === "delivered") outcomes.set(report, { kind: "delivered", notes });
      }
      return outcomes;
    } catch (error) {
      const outcome: Outcome = { kind: "unavailable", reason: this.#explain(error) };
      return new Map(reports.map((report) => [report, outcome]));
    }
  }

  /**
   * Writes manifest and hashes, and once a day without the events that have not changed for long.
   *
   * @returns what did not succeed and does not matter to the reports
   */
  async #list(index: FeedIndex, now: number): Promise<readonly string[]> {
    const isToClean = this.#keepMs !== undefined && Math.abs(now - this.#cleanedAt) >= DAY;
    const oldest = Math.floor((now - (this.#keepMs ?? 0)) / 1000);
    if (isToClean) index.removeBefore(oldest);
    await index.write();
    this.#written = this.#manifestStamp();
    this.#restMs = index.size <= SMALL ? 0 : Math.round(index.size * REST_PER_EVENT_MS);
    const notes: string[] = [];
    if (isToClean) {
      this.#cleanedAt = now;
      // A MISP that fetches meanwhile looks for what the manifest lists.
      await index.deleteUnlisted(oldest).catch((error: unknown) => {
        notes.push(`an event that left the feed could not be deleted: ${this.#explain(error)}`);
      });
    }
    await syncFolder(this.#directory);
    return notes;
  }

  #manifestStamp(): string {
    const { ino, size, mtime } = Deno.lstatSync(`${this.#directory}/manifest.json`);
    return `${ino} ${size} ${mtime?.getTime()}`;
  }

  #explain(error: unknown): string {
    const reason = messageOf(error);
    return `feed folder ${this.#directory}: ${reason}`;
  }

  /** Writes an event unless the file has the same content: MISP fetches events that are newer. */
  async #writeEvent(reports: readonly Report[], now: number): Promise<Fields> {
    const path = `${this.#directory}/${reports[0]!.eventUuid}.json`;
    const earlier = await readEvent(path);
    const events = reports.map(({ body }) => JSON.parse(body) as MispEvent);
    const next = nextEvent(events, earlier, this.#organisationOf, now);
    if (next === earlier) return earlier;
    await replaceFile(path, JSON.stringify({ Event: next }));
    faultPoint("feed-event-before-manifest");
    return next;
  }
}
