/**
 * How a span of time is written. Browsers get this very function: it may use the three constants only.
 *
 * @module
 */
import { DAY, HOUR, MINUTE } from "../../clock.ts";

/** `40 s`, `12 min`, `3 h 20 min`, `5 days` */
export function duration(milliseconds: number): string {
  const span = Math.max(0, milliseconds);
  if (span < 90_000) return `${Math.round(span / 1000)} s`;
  if (span < 90 * MINUTE) return `${Math.round(span / MINUTE)} min`;
  if (span < DAY) {
    const minutes = Math.floor(span % HOUR / MINUTE);
    const hours = `${Math.floor(span / HOUR)} h`;
    return minutes === 0 || span >= 10 * HOUR ? hours : `${hours} ${minutes} min`;
  }
  return span < 2 * DAY ? `${Math.round(span / HOUR)} h` : `${Math.round(span / DAY)} days`;
}
