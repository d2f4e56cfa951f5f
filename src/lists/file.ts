/**
 * The file of a list as it is now.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type ListFormat, listPath, type ListRule } from "../list_query.ts";

/** A list with the path of its file. */
export interface ListFile extends ListRule {
  readonly path: string;
}

/** The lists of a configuration, each with its file. */
export function listFiles(lists: readonly ListRule[], bufferPath: string): readonly ListFile[] {
  return lists.map((rule) => ({ ...rule, path: listPath(rule.file, bufferPath) }));
}

/** What a file has. */
export interface ListContent {
  readonly format: ListFormat;
  readonly addresses: number;
  readonly digest: string;
}

const LINE_END = 0x0a;
const COMMA = 0x2c;
const CHUNK = 64 * 1024;

/** Lines before the first address: what `writeList()` begins with. */
const HEAD_LINES: Readonly<Record<ListFormat, number>> = {
  plain: 0,
  csv: 1,
  cdb: 0,
  nftables: 5,
  jsonl: 0,
};

/** How a list of each form begins: a file may be of another form than its rule asks for now. */
const BEGINNINGS: readonly (readonly [ListFormat, RegExp])[] = [
  ["nftables", /^add table /],
  ["csv", /^address,/],
  ["jsonl", /^\{"address":"/],
  ["cdb", /^(?:"[0-9a-f.:]+"|\d+\.[0-9.]+):/],
  ["plain", /^[0-9a-f.:]+(?:\n|$)|^$/],
];

/** So many bytes show the form; an address and what is around it are shorter. */
const BEGINNING = 64;

/**
 * Reads the file of a list. Its own content says how large the list was, since a buffer may be a new one.
 *
 * @returns undefined where there is none
 * @throws {LinkError} it is a link, not a file, or of somebody else; or the error of the file system
 */
export async function readList(path: string): Promise<ListContent | undefined> {
  try {
    const { isFile } = await Deno.lstat(path);
    if (!isFile) {
      throw new LinkError(`${path} is a link or a folder; remove it, or set another file`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK);
  let lines = 0;
  let commas = 0;
  let begin: string | undefined;
  for (let read = await file.read(chunk); read !== null; read = await file.read(chunk)) {
    const bytes = chunk.subarray(0, read);
    begin ??= new TextDecoder().decode(bytes.subarray(0, BEGINNING));
    hash.update(bytes);
    for (const byte of bytes) {
      if (byte === LINE_END) lines++;
      else if (byte === COMMA) commas++;
    }
  }
  const format = BEGINNINGS.find(([, isOf]) => isOf.test(begin ?? ""))?.[0];
  if (format === undefined) {
    throw new LinkError(`${path} holds no list that this program wrote; set another file`);
  }
  // A line of nftables has several addresses, with a comma between each two of them.
  const further = format === "nftables" ? commas : 0;
  return {
    format,
    addresses: Math.max(0, lines - HEAD_LINES[format]) + further,
    digest: hash.digest("hex"),
  };
}

/** The lines of a file, without their ends. */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await Deno.open(path);
  let rest = "";
  for await (const text of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** What is in the place of a list's file is not such a file. */
export class LinkError extends Error {
  override name = "LinkError";
}
