/**
 * Every output of the program at once: a MISP, a feed, lists, pages and commands over one buffer, with a clock
 * that is moved by hand and ends now.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SqliteBuffer } from "../../src/buffer/sqlite/sqlite_buffer.ts";
import { intakeRules, limitsOf } from "../../src/cli/wiring/context.ts";
import { listsParts, standingsOf } from "../../src/cli/wiring/lists/parts.ts";
import { createPublisher, type Publisher } from "../../src/cli/wiring/publisher.ts";
import { DAY, HOUR, SECOND } from "../../src/clock.ts";
import { loadConfig, type Loaded } from "../../src/config/load.ts";
import { decideItem } from "../../src/intake/decide.ts";
import { LIST_FORMATS } from "../../src/list_query.ts";
import { listFiles } from "../../src/lists/file.ts";
import { writeLists } from "../../src/lists/writer.ts";
import { publishDue } from "../../src/publish/publisher.ts";
import { createApp } from "../../src/server/app.ts";
import { Limits } from "../../src/server/middleware/limits.ts";
import { ReadTimeout } from "../../src/server/ingest/read_timeout.ts";
import { FakeMisp } from "../fake_misp/server.ts";
import { READ } from "../lists/read.ts";
import { sshdAlert } from "../support/fixtures.ts";
import { createProgram, KIND, type Program } from "./program.ts";

/** Everything about an address that a site is configured by. */
export interface SiteConfig {
  readonly allowed: readonly string[];
  /** Networks on lists of the names of their files. */
  readonly warned: Readonly<Record<string, readonly string[]>>;
  readonly publishPrivate: boolean;
  readonly eventPer: "source" | "day";
  readonly reopenDays: number;
}

/** Days of silence until an address expires. */
export const EXPIRE_DAYS = 5;

/** Attempts of one source. */
export interface Attempts {
  readonly source: string;
  readonly attempts: number;
  /** Whether the last one is let in. */
  readonly isLogin: boolean;
}

/** What is configured now, and what was made of it. */
interface Configured extends Disposable {
  readonly loaded: Loaded;
  readonly environment: Record<string, string>;
  readonly publisher: Publisher;
  readonly app: ReturnType<typeof createApp>;
}

/** All of the program's parts. */
export class Everywhere implements AsyncDisposable {
  readonly misp: FakeMisp;
  readonly program: Program;
  readonly buffer: SqliteBuffer;
  readonly end = Math.floor(Date.now() / SECOND) * SECOND;
  now = this.end - 30 * DAY;
  #configured: Configured | undefined;
  #alerts = 0;

  private constructor(misp: FakeMisp, program: Program) {
    this.misp = misp;
    this.program = program;
    this.buffer = new SqliteBuffer(program.buffer, this.now);
  }

  static async start(): Promise<Everywhere> {
    let site: Everywhere | undefined = undefined;
    const misp = await FakeMisp.start({ now: () => site?.now ?? Date.now() });
    return site = new Everywhere(misp, await createProgram(KIND));
  }

  /** Starts everything anew, as after a change of the configuration. */
  async configure(site: SiteConfig): Promise<void> {
    this.#configured?.[Symbol.dispose]();
    this.#configured = undefined;
    const warninglists = `${this.program.root}/etc/custom-misp/warninglists`;
    await Deno.mkdir(warninglists, { recursive: true });
    for (const [name, networks] of Object.entries(site.warned)) {
      const list = { name: "A list", type: "cidr", list: [...networks, "198.18.255.255"] };
      await Deno.writeTextFile(`${warninglists}/${name}.json`, JSON.stringify(list));
    }
    const environment = {
      WM_MISP_URL: this.misp.url,
      WM_MISP_API_KEY: this.misp.keys.orgadmin,
      WM_MISP_EVENT_PER: site.eventPer,
      WM_MISP_EXPIRE_AFTER_DAYS: String(EXPIRE_DAYS),
      WM_MISP_REOPEN_AFTER_DAYS: String(site.reopenDays),
      WM_FEED_DIRECTORY: this.program.feed,
      WM_GUARD_ALLOW_NETWORKS: site.allowed.join(","),
      WM_GUARD_PUBLISH_PRIVATE: String(site.publishPrivate),
      WM_GUARD_WARNINGLISTS_DIRECTORY: warninglists,
      WM_LISTS: JSON.stringify(
        LIST_FORMATS.map((format) => ({ name: format, format, max_change_percent: 1000 })),
      ),
    };
    const loaded = loadConfig({
      root: this.program.root,
      environment: (name) => environment[name as keyof typeof environment],
      readTextFile: Deno.readTextFileSync,
    });
    const { config } = loaded;
    const publisher = createPublisher(config, this.buffer, () => {});
    const readTimeout = new ReadTimeout(10_000);
    const rules = await intakeRules(loaded);
    const accept = (decisions: Parameters<SqliteBuffer["intake"]["accept"]>[0]) =>
      this.buffer.intake.accept(decisions, limitsOf(loaded.config), this.now);
    const app = createApp({
      ...config.server,
      ...{
        readTimeout,
        storeTimeout: readTimeout,
        tokens: () => [],
        allowNetworks: undefined,
        accept,
        acceptAtOnce: accept,
      },
      limits: new Limits({ maxParallel: 0, maxPerMinute: 0 }),
      status: () => this.buffer.views.status(),
      lists: listFiles(config.lists, config.buffer.path),
      feedDirectory: undefined,
      now: () => this.now,
      decide: (item) => decideItem(item, rules, this.now),
      isStoring: () => Promise.resolve(true),
      probeWrite: () => Promise.resolve(),
      pages: {
        ...{ buffer: this.buffer, owner: "pages", due: publisher.due, locate: publisher.locate },
        mispUrl: config.misp.url,
        standing: standingsOf(config, () => {}),
      },
      log: (level, message) => {
        if (level === "error") throw new Error(message);
      },
    });
    this.#configured = {
      ...{ loaded, environment, publisher, app },
      [Symbol.dispose]: () => {
        publisher[Symbol.dispose]();
        readTimeout[Symbol.dispose]();
      },
    };
  }

  get #site(): Configured {
    return this.#configured!;
  }

  /** Sends alerts, as an integration that forwards does. @returns how many were accepted */
  async attack(sources: readonly Attempts[]): Promise<number> {
    const alerts = sources.flatMap(({ source, attempts, isLogin }) =>
      Array.from({ length: attempts + (isLogin ? 1 : 0) }, (_, at) => {
        const pid = ++this.#alerts;
        const isLast = at === attempts;
        const what = isLast ? "Accepted" : "Failed";
        return sshdAlert({
          ...{ pid, id: `${Math.floor(this.now / SECOND)}.${pid}`, rule: isLast ? "5715" : "5760" },
          time: new Date(this.now).toISOString().replace("Z", "+0000"),
          message: `${what} password for root from ${source} port 51676 ssh2`,
        });
      })
    );
    const body = alerts.map((alert) => JSON.stringify(alert)).join("\n");
    const answer = JSON.parse(await this.#text("/alerts", { method: "POST", body })) as {
      readonly accepted: number;
    };
    return answer.accepted;
  }

  /** An hour later everything that is due is published, what is old deleted, and lists are made. */
  async publish(): Promise<void> {
    this.now += HOUR;
    const { publisher, loaded: { config } } = this.#site;
    const parts = { ...publisher, now: () => this.now };
    for (;;) {
      const round = await publishDue(parts, "publisher");
      if (round === undefined || round.problems.length + round.refused > 0) {
        throw new Error(JSON.stringify(round));
      }
      const at = await this.buffer.outbox.nextExpiryAt(parts.due);
      if (round.waiting === 0 && (at === undefined || at > this.now)) break;
    }
    const { dedupeMs: seenMs } = config.buffer;
    const keep = { seenMs, recordMs: config.misp.reopenAfterMs, connectionMs: HOUR, expires: true };
    await this.buffer.retention.prune(keep, this.now);
    await this.writeLists();
  }

  async writeLists(): Promise<void> {
    const { config } = this.#site.loaded;
    const states = await writeLists({
      ...listsParts(config, this.buffer, () => {}),
      now: () => this.now,
    });
    const problem = states?.find((state) => state.problem !== undefined)?.problem;
    if (states === undefined || problem !== undefined) throw new Error(problem ?? "no turn");
  }

  /** Withdraws an address, as the command does. */
  async retract(source: string): Promise<void> {
    const { publisher } = this.#site;
    await publisher.prepare();
    await this.buffer.outbox.republish(
      source,
      this.now,
      (record) => publisher.retract(record, this.now),
    );
  }

  async #text(path: string, init: RequestInit = {}): Promise<string> {
    const request = new Request(`http://127.0.0.1:8787${path}`, init);
    const response = await this.#site.app.fetch(request, { remoteAddress: "127.0.0.1" });
    const text = await response.text();
    if (response.status >= 400 && response.status !== 404) throw new Error(`${path}: ${text}`);
    return text;
  }

  /** The addresses that events of MISP give to detection, once for each event that does. */
  inMisp(): readonly string[] {
    return this.misp.events().flatMap(({ Attribute }) => Attribute).filter(isOffered)
      .map(({ value }) => value);
  }

  /** All that MISP was ever told. */
  saidToMisp(): string {
    return JSON.stringify([this.misp.events(), this.misp.sightings()]);
  }

  /** The same of the feed. */
  inFeed(): readonly string[] {
    return this.#feedEvents().flatMap(({ Attribute }) => Attribute).filter(isOffered)
      .map(({ value }) => value);
  }

  saidInFeed(): string {
    return JSON.stringify(this.#feedEvents());
  }

  /** Whether a MISP that caches the feed finds an address. */
  isHashed(source: string): boolean {
    const hash = createHash("md5").update(source).digest("hex");
    return Deno.readTextFileSync(`${this.program.feed}/hashes.csv`).includes(hash);
  }

  #feedEvents(): readonly { readonly Attribute: readonly Offering[] }[] {
    const read = (name: string) =>
      JSON.parse(Deno.readTextFileSync(`${this.program.feed}/${name}.json`));
    return Object.keys(read("manifest")).map((uuid) => read(uuid).Event);
  }

  /** What each list has, by its file and by HTTP. */
  async lists(): Promise<ReadonlyMap<string, readonly string[]>> {
    const found = new Map<string, readonly string[]>();
    const folder = this.program.buffer.replace(/[^/]*$/, "lists");
    for (const format of LIST_FORMATS) {
      found.set(`${format} file`, READ[format](Deno.readTextFileSync(`${folder}/${format}`)));
      found.set(`/lists/${format}`, READ[format](await this.#text(`/lists/${format}`)));
    }
    return found;
  }

  /** The sources that a page links to, or a part of it, in their order. */
  async linkedFrom(path: string, part?: string): Promise<readonly string[]> {
    const page = await this.#text(path);
    if (part === undefined) return linksIn(page);
    return linksIn(new RegExp(`<section id="${part}".*?</section>`, "s").exec(page)?.[0] ?? "");
  }

  /** The sources of a list of several pages. */
  async listed(query = ""): Promise<readonly string[]> {
    const found: string[] = [];
    for (let path: string | undefined = `/sources${query}`; path !== undefined;) {
      const page: string = await this.#text(path);
      found.push(...linksIn(/<table.*<\/table>/s.exec(page)?.[0] ?? ""));
      path = /rel="next" href="([^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&");
    }
    return found;
  }

  /** The row of a source in the list of all. */
  async rowOf(source: string): Promise<string> {
    const page = await this.#text(`/sources?address=${encodeURIComponent(source)}`);
    return /<tbody.*<\/tbody>/s.exec(page)?.[0] ?? "";
  }

  pageOf(source: string): Promise<string> {
    return this.#text(`/sources/${encodeURIComponent(source)}`);
  }

  async csv(query = ""): Promise<readonly string[]> {
    return addressesOfCsv(await this.#text(`/sources.csv${query}`));
  }

  async json(query = ""): Promise<readonly string[]> {
    return addressesOfJson(await this.#text(`/sources.json${query}`));
  }

  /** What a command prints. */
  async run(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.program.run(args, this.#site.environment);
    if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${stderr}`);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#configured?.[Symbol.dispose]();
    this.buffer[Symbol.dispose]();
    await this.program[Symbol.asyncDispose]();
    await this.misp[Symbol.asyncDispose]();
  }
}

interface Offering {
  readonly type: string;
  readonly value: string;
  readonly to_ids: boolean;
  readonly deleted?: boolean;
}

const isOffered = ({ type, to_ids, deleted }: Offering) =>
  type === "ip-src" && to_ids && deleted !== true;

const linksIn = (page: string): readonly string[] =>
  [...page.matchAll(/href="\/sources\/([^"?]+)"/g)].map(([, ip]) => decodeURIComponent(ip!));

/** The first column of a list in CSV. */
export const addressesOfCsv = (text: string): readonly string[] =>
  text.split(/\r?\n/).slice(1, -1).map((line) => line.split(",")[0]!);

/** The addresses of a list in JSON. */
export const addressesOfJson = (text: string): readonly string[] =>
  (JSON.parse(text) as readonly { readonly address: string }[]).map(({ address }) => address);
