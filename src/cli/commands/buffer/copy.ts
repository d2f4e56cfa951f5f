/**
 * `buffer copy`: moves the buffer into a database, or back into a file.
 *
 * @module
 */
import { type Copied, copyBuffer, type CopyEnd } from "../../../buffer/copy/copy.ts";
import { SqliteEnd } from "../../../buffer/sqlite/copy_end.ts";
import { isNamed } from "../../../buffer/sqlite/errors.ts";
import { bufferExists } from "../../../buffer/sqlite/open.ts";
import { SqliteBuffer } from "../../../buffer/sqlite/sqlite_buffer.ts";
import type { Config } from "../../../config/config.ts";
import { ConfigError } from "../../../config/values.ts";
import { messageOf } from "../../../errors.ts";
import { storeInstallation } from "../../../publish/installation.ts";
import { EXIT, Failure } from "../../exit.ts";
import { counted } from "../../terminal/counted.ts";
import { oneOf, parse } from "../../terminal/options.ts";
import { Progress } from "../../terminal/progress.ts";
import { screenJson, screenOf } from "../../terminal/screen.ts";
import { type Column, tableLines } from "../../terminal/table.ts";
import { databaseOf } from "../../wiring/buffer/database.ts";
import { loadStartConfig, type Start } from "../../wiring/context.ts";

/** Where a buffer may be copied to. */
const ENGINES = ["postgres", "sqlite"];

/** Runs `buffer copy --to postgres | sqlite [--json]`. */
export async function buffer(start: Start): Promise<number> {
  const { values, positionals } = parse("buffer", start.args);
  if (positionals.join(" ") !== "copy" || values.to === undefined) {
    throw new Failure(
      EXIT.usage,
      "buffer takes `copy --to postgres` or `copy --to sqlite`; `help buffer` says what it does",
    );
  }
  const engine = oneOf("to", values.to, ENGINES);
  const { config } = loadStartConfig(start);
  requireDatabase(config);
  const { databaseEnd } = await import("../../wiring/buffer/database_buffer.ts");
  const [file, database] = [new SqliteEnd(config.buffer.path), await databaseEnd(config)];
  const [from, to] = engine === "postgres" ? [file, database] : [database, file];
  if (from === file) await prepareFile(config.buffer.path);
  const copied = await copy(from, to, !(values.json ?? false));
  console.log(
    values.json
      ? screenJson({ from: from.name, to: to.name, ...json(copied) })
      : text(copied, from, to, engine),
  );
  return EXIT.ok;
}

/** @throws {ConfigError} the configuration names no database that is heeded */
function requireDatabase(config: Config): void {
  if (databaseOf(config) !== undefined) return;
  throw new ConfigError(
    config.buffer.url === undefined
      ? "buffer.url is not set; let it name the database, as docs/scale.md says"
      : "forward.url is set, and so this machine's alerts wait in its file; unset it for `buffer copy`",
  );
}

/** @throws {Failure} there is no file */
async function prepareFile(path: string): Promise<void> {
  if (!bufferExists(path)) {
    throw new Failure(
      EXIT.failed,
      `there is no buffer at ${path}; let buffer.path name the one to copy`,
    );
  }
  using opened = new SqliteBuffer(path, Date.now(), { keepDamaged: true });
  await storeInstallation(opened.settings, path);
}

/** @throws {Failure} nothing was copied */
async function copy(from: CopyEnd, to: CopyEnd, isShown: boolean): Promise<Copied> {
  using progress = new Progress(isShown);
  try {
    return await copyBuffer(
      from,
      to,
      (doing, table, rows) =>
        progress.show(() => ({
          done: 0,
          total: undefined,
          text: `${doing} ${table}: ${rows} rows`,
        })),
    );
  } catch (error) {
    if (!isNamed(error, "BufferError")) throw error;
    // A `serve` goes on by itself; this does not.
    const line = messageOf(error).replace(/(and )?it goes on by itself$/, "then try again");
    throw new Failure(EXIT.failed, `nothing was copied: ${line}`);
  }
}

const json = ({ rows, wasThere }: Copied) => ({ wasThere, rows: Object.fromEntries(rows) });

type Count = readonly [table: string, rows: number];

const LAYOUT: readonly Column<Count>[] = [
  { head: "table", cell: ([table]) => table },
  { head: "rows", cell: ([, rows]) => String(rows), isNumber: true },
];

function text({ rows, wasThere }: Copied, from: CopyEnd, to: CopyEnd, engine: string) {
  const full = [...rows].filter(([, count]) => count > 0);
  const sum = full.reduce((before, [, count]) => before + count, 0);
  return [
    wasThere ? `${to.name} has it already` : `copied ${from.name} into ${to.name}`,
    ...tableLines<Count>(
      full,
      { layouts: [LAYOUT], leastLast: 10, isProblem: () => false },
      screenOf(Deno.stdout),
    ),
    `${counted(sum, "row")} of ${counted(full.length, "table")}: each is the same in both`,
    `next: ${engine === "sqlite" ? "unset buffer.url, and " : ""}start what you stopped; nothing ` +
    `may use ${from.name} any more`,
  ].join("\n");
}
