/**
 * A `logs/alerts` folder that is written and rotated as Wazuh does it, and as others do.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { type TempFolder, tempFolder } from "../support/temp.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 24 * 60 * 60_000;

/** The folder; `alerts.json` in it is a hard link to the file of the day. */
export class WazuhSite implements Disposable {
  readonly #folder: TempFolder = tempFolder();
  readonly path: string;
  readonly file: string;
  #day = Date.UTC(2026, 7, 23);
  #part = 0;

  /** @param folder where `logs/alerts` is to be; a temporary one by default */
  constructor(folder?: string) {
    this.path = folder ?? this.#folder.file("alerts");
    this.file = `${this.path}/alerts.json`;
    Deno.mkdirSync(this.path, { recursive: true });
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  /** Name of the file of the day. */
  get dated(): string {
    const at = new Date(this.#day);
    const date = String(at.getUTCDate()).padStart(2, "0");
    const part = this.#part === 0 ? "" : `-${String(this.#part).padStart(3, "0")}`;
    return `${at.getUTCFullYear()}/${MONTHS[at.getUTCMonth()]}/ossec-alerts-${date}${part}.json`;
  }

  /** Opens the file of the day, as analysisd does when it starts. */
  open(): void {
    const path = `${this.path}/${this.dated}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, "", { append: true });
    try {
      Deno.removeSync(this.file);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    Deno.linkSync(path, this.file);
  }

  append(text: string): void {
    Deno.writeTextFileSync(this.file, text, { append: true });
  }

  /** Midnight: a new file, to which `alerts.json` is linked anew. */
  nextDay(): void {
    this.#day += DAY;
    this.#part = 0;
    this.open();
  }

  /** The same for a file that is as large as `max_output_size` allows. */
  nextPart(): void {
    this.#part++;
    this.open();
  }

  /** What monitord does to the file of an earlier day. */
  pack(name: string): void {
    const path = `${this.path}/${name}`;
    Deno.writeFileSync(`${path}.gz`, gzipSync(Deno.readFileSync(path)));
    Deno.removeSync(path);
  }
}
