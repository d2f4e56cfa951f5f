/**
 * What the records of a Cowrie's session said that later ones of it leave out. Login records before
 * Cowrie 2.8.1 have no `protocol` (docs/contracts/cowrie.md 3).
 *
 * @module
 */
import type { AlertKey, Service } from "../model.ts";

/** More sessions than a busy Cowrie has open at a time; the oldest ones are forgotten. */
const MOST_SESSIONS = 10_000;

/** Sessions that this process saw. A process that reads one alert knows none, which costs nothing. */
export class CowrieSessions {
  readonly #services = new Map<string, Service>();
  /** The alert of the first key of each. */
  readonly #withKeys = new Map<string, string>();

  /** Keeps what the connect record of a session said. */
  remember(session: string, service: Service): void {
    this.#services.set(session, service);
    dropOldest(this.#services);
  }

  /** @returns undefined for a session whose connect record did not come */
  serviceOf(session: string): Service | undefined {
    return this.#services.get(session);
  }

  /**
   * Whether a session offers its first key. An alert that is handed over again, since it could not be stored,
   * is still of the first one.
   */
  isFirstKey(session: string, { manager, id }: AlertKey): boolean {
    const alert = `${manager}/${id}`;
    const first = this.#withKeys.get(session);
    if (first !== undefined) return first === alert;
    this.#withKeys.set(session, alert);
    dropOldest(this.#withKeys);
    return true;
  }
}

function dropOldest(all: Map<string, string>): void {
  if (all.size <= MOST_SESSIONS) return;
  for (const oldest of all.keys()) {
    all.delete(oldest);
    return;
  }
}
