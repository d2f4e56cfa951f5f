/**
 * Where a source is, as Wazuh's own pipelines say it: the indexer adds it to 4.x alerts, the engine to
 * 5.x findings (docs/contracts/wazuh.md 4.1, 5). Alert files and integratord never have it.
 *
 * @module
 */
import type { Location } from "../model.ts";
import { type Fields } from "../json.ts";

/** Reads `GeoLocation` of a 4.x document. */
export function readGeoLocation(fields: Fields): Location | undefined {
  return location({
    country: fields.country_name,
    region: fields.region_name,
    city: fields.city_name,
    point: fields.location,
  });
}

/** Reads `source.geo.*` and `source.as.*` of a 5.x finding. */
export function readSourceGeo(get: (path: string) => unknown): Location | undefined {
  return location({
    country: get("source.geo.country_name"),
    countryCode: get("source.geo.country_iso_code"),
    region: get("source.geo.region_name"),
    city: get("source.geo.city_name"),
    point: get("source.geo.location") ??
      { lat: get("source.geo.location.lat"), lon: get("source.geo.location.lon") },
    asn: get("source.as.number"),
    organisation: get("source.as.organization.name"),
  });
}

function location(found: Fields): Location | undefined {
  const { latitude, longitude } = coordinates(found.point);
  const { asn, countryCode } = found;
  const entries = Object.entries({
    country: text(found.country),
    countryCode: typeof countryCode === "string" && /^[A-Z]{2}$/.test(countryCode)
      ? countryCode
      : undefined,
    region: text(found.region),
    city: text(found.city),
    latitude,
    longitude,
    asn: systemNumber(asn),
    organisation: text(found.organisation),
  }).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Number() would throw for an object that has a `toString` of its own. */
function systemNumber(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number(value) : value;
  const isNumber = typeof number === "number" && Number.isInteger(number);
  return isNumber && number > 0 && number < 2 ** 32 ? number : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : undefined;
}

function coordinates(point: unknown): { latitude?: number; longitude?: number } {
  if (typeof point !== "object" || point === null) return {};
  const { lat, lon } = point as Fields;
  const isLocation = typeof lat === "number" && typeof lon === "number" && Math.abs(lat) <= 90 &&
    Math.abs(lon) <= 180;
  return isLocation ? { latitude: lat, longitude: lon } : {};
}
