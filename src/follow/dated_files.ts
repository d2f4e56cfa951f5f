/**
 * The files that analysisd writes alerts into: one a day, and more where it rotates by size or time
 * (docs/contracts/wazuh.md 1.1). `alerts.json` is a hard link to the newest. Pure.
 *
 * @module
 */

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const NAME = /^(\d{4})\/([A-Z][a-z]{2})\/ossec-alerts-(\d\d)(?:-(\d{1,6}))?\.json(\.gz)?$/;

/** A dated file below `logs/alerts`. */
export interface DatedFile {
  /** `2026/Aug/ossec-alerts-23.json`, without `.gz`: the same before and after it was packed. */
  readonly name: string;
  readonly isPacked: boolean;
  /** `2026-08-23`, of the manager's own time zone. */
  readonly day: string;
  /** Orders the files of a day. */
  readonly part: number;
}

/** Reads a path below `logs/alerts`; undefined for any other file. */
export function parseDatedFile(path: string): DatedFile | undefined {
  const found = NAME.exec(path);
  if (found === null) return undefined;
  const [, year, monthName = "", date, part = "0", packed] = found;
  const month = MONTHS.indexOf(monthName) + 1;
  if (month === 0) return undefined;
  return {
    name: packed === undefined ? path : path.slice(0, -packed.length),
    isPacked: packed !== undefined,
    day: `${year}-${String(month).padStart(2, "0")}-${date}`,
    part: Number(part),
  };
}

/** The files of a site in the order in which they were written, each once; unpacked before packed. */
export function inOrder(paths: readonly string[]): readonly DatedFile[] {
  const files = new Map<string, DatedFile>();
  for (const path of paths) {
    const file = parseDatedFile(path);
    if (file === undefined) continue;
    const known = files.get(file.name);
    if (known === undefined || known.isPacked) files.set(file.name, file);
  }
  return [...files.values()].sort((one, other) =>
    one.day === other.day ? one.part - other.part : one.day < other.day ? -1 : 1
  );
}
