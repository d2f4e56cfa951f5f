/**
 * The location of an address, from MMDB files (GeoLite2, GeoIP2, DB-IP). It is never required: a file
 * that cannot be read answers that it knows nothing.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Location } from "../model.ts";
import { messageOf } from "../errors.ts";
import { warningText } from "./warning_text.ts";

export type { Location };

/** Open databases. */
export interface Geolocation {
  /**
   * Never throws.
   *
   * @param address canonical
   * @returns undefined where nothing is known
   */
  lookup(address: string): Location | undefined;
}

/** How databases are read, and who gets a warning of one line about each that cannot be. */
export interface GeolocationIo {
  readonly readFile: (path: string) => Promise<Uint8Array<ArrayBuffer>>;
  readonly warn: (message: string) => void;
}

/** The part of a reader of `mmdb-lib` that is used here. */
interface Reader {
  readonly metadata: { readonly ipVersion: number };
  get(address: string): unknown;
}

interface MmdbLib {
  readonly Reader: new (database: Buffer) => Reader;
}

/**
 * Opens databases and holds them in memory as a whole. It loads the reader, which nothing else needs.
 *
 * @param paths one file, or several that complete each other, such as City and ASN: each piece of
 * information comes from the first file that has it
 * @returns undefined when no file could be opened; each failure is a warning, never an error
 */
export async function openGeolocation(
  paths: string | readonly string[],
  io: GeolocationIo,
): Promise<Geolocation | undefined> {
  const databases: Geolocation[] = [];
  for (const path of typeof paths === "string" ? [paths] : paths) {
    const warn = (reason: string) => io.warn(warningText(`geoip.database ${path}: ${reason}`));
    try {
      databases.push(database(await openReader(await io.readFile(path)), warn));
    } catch (error) {
      warn(`it is not used: ${messageOf(error)}`);
    }
  }
  return databases.length === 0 ? undefined : { lookup: (address) => joined(databases, address) };
}

async function openReader(bytes: Uint8Array<ArrayBuffer>): Promise<Reader> {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new TypeError("it is gzipped; unpack it first");
  if (!hasMetadata(bytes)) {
    throw new TypeError("it is not a valid MMDB file, or it was cut off; fetch it again");
  }
  const loaded: MmdbLib & { readonly default?: MmdbLib } = await import("mmdb-lib");
  // In the bundle that is compiled, a CommonJS package has its exports behind `default` only.
  const { Reader } = loaded.default ?? loaded;
  return new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** The metadata follow this marker, in the last 128 KiB (MaxMind DB File Format 2.0). */
const MARKER = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");

function hasMetadata(bytes: Uint8Array<ArrayBuffer>): boolean {
  const tail = bytes.subarray(Math.max(0, bytes.length - 128 * 1024));
  return Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).includes(MARKER);
}

function database(reader: Reader, warn: (reason: string) => void): Geolocation {
  let isDamaged = false;
  return {
    lookup: (address) => {
      // The reader would look up the first bits of an IPv6 address as an IPv4 address.
      if (reader.metadata.ipVersion === 4 && address.includes(":")) return undefined;
      try {
        return locationOf(reader.get(address));
      } catch (error) {
        if (!isDamaged) warn(`it is damaged: ${messageOf(error)}`);
        isDamaged = true;
        return undefined;
      }
    },
  };
}

function joined(databases: readonly Geolocation[], address: string): Location | undefined {
  const found = databases.map((one) => one.lookup(address)).filter((one) => one !== undefined);
  // Location and network may come from different files, but a location comes from one file.
  const location = found.find((one) => one.country !== undefined || one.countryCode !== undefined);
  const network = found.find((one) => one.asn !== undefined);
  const { asn: _asn, organisation: _organisation, ...rest } = location ?? found[0] ?? {};
  const { asn, organisation } = network ?? location ?? {};
  return known({ ...rest, asn, organisation });
}

/**
 * Reads a record: the nested one of GeoLite2, GeoIP2 and DB-IP, or the flat one of the databases that
 * are made from them. It leaves out what does not have the right form.
 */
function locationOf(record: unknown): Location | undefined {
  const fields = asRecord(record);
  const country = asRecord(fields.country);
  const location = asRecord(fields.location);
  const traits = asRecord(fields.traits);
  const [subdivision] = Array.isArray(fields.subdivisions) ? fields.subdivisions : [];
  const latitude = degrees(location.latitude ?? fields.latitude, 90);
  const longitude = degrees(location.longitude ?? fields.longitude, 180);
  const hasCoordinates = latitude !== undefined && longitude !== undefined;
  return known({
    country: englishName(country) ?? text(fields.country_name),
    countryCode: countryCode(country.iso_code ?? fields.country_code),
    city: englishName(asRecord(fields.city)) ?? text(fields.city),
    region: englishName(asRecord(subdivision)) ?? text(fields.state1),
    latitude: hasCoordinates ? latitude : undefined,
    longitude: hasCoordinates ? longitude : undefined,
    asn: systemNumber(fields.autonomous_system_number ?? traits.autonomous_system_number),
    organisation: text(
      fields.autonomous_system_organization ?? traits.autonomous_system_organization,
    ),
  });
}

type Pieces = { readonly [Key in keyof Location]: Location[Key] | undefined };

/** The pieces that are known; undefined when there are none. */
function known(pieces: Pieces): Location | undefined {
  const entries = Object.entries(pieces).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

/** The longest name, characters: only a damaged database has a longer one. */
const LONGEST_NAME = 200;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, LONGEST_NAME) : undefined;
}

function englishName(location: Readonly<Record<string, unknown>>): string | undefined {
  return text(asRecord(location.names).en);
}

function countryCode(value: unknown): string | undefined {
  return typeof value === "string" && /^[a-z]{2}$/i.test(value) ? value.toUpperCase() : undefined;
}

function degrees(value: unknown, most: number): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" && Math.abs(number) <= most ? number : undefined;
}

function systemNumber(value: unknown): number | undefined {
  const isNumber = typeof value === "number" && Number.isInteger(value);
  return isNumber && value > 0 && value <= 0xffffffff ? value : undefined;
}
