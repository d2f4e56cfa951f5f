/**
 * Who reports logins that succeeded, from the configuration.
 *
 * @module
 */
import type { Buffer } from "../../../buffer/buffer.ts";
import type { Config } from "../../../config/config.ts";
import { eventAddress } from "../../../event_address.ts";
import type { NotifyParts } from "../../../notify/notifier.ts";
import type { Notifying } from "../../../publish/engine.ts";
import { NOTIFY_SINCE } from "../../../publish/names.ts";
import { ownerName } from "../context.ts";
import { readSetting } from "../publisher.ts";

/** Without `notify.webhook_url`, it only forgets since when there was one. */
export function createNotifying(
  config: Config,
  buffer: Buffer,
  log: NotifyParts["log"],
): Notifying {
  const { webhookUrl } = config.notify;
  if (webhookUrl === undefined) return new NotNotifying(buffer);
  return {
    isWaiting: () => buffer.notifications.isWaiting(),
    run: async (everything) => {
      const since = await sinceOf(buffer);
      if (!everything && !await buffer.notifications.isDue(since, Date.now())) return;
      const [{ notifyDue }, { Webhook }] = await Promise.all([
        ...[import("../../../notify/notifier.ts"), import("../../../notify/webhook.ts")] as const,
      ]);
      const caCertificate = readSetting("notify.ca_file", config.notify.caFile);
      const parts = {
        ...{ buffer, log, now: Date.now, random: Math.random },
        receiver: new Webhook({ url: webhookUrl, caCertificate }),
        format: config.notify.format,
        namesUsers: config.privacy.usernames !== "count",
        eventUrlOf: (uuid: string) => eventAddress(uuid, config.misp.url),
      };
      await notifyDue(parts, ownerName(), since, everything);
    },
  };
}

/** Logins of before nobody asked to hear of: the first round begins with its own time. */
async function sinceOf({ settings }: Buffer): Promise<number> {
  const known = await settings.get(NOTIFY_SINCE);
  if (known !== undefined) return Number(known);
  const now = Date.now();
  await settings.put(NOTIFY_SINCE, String(now));
  return now;
}

class NotNotifying implements Notifying {
  readonly #buffer: Buffer;
  #isForgotten = false;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  isWaiting(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async run(): Promise<void> {
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    const { settings } = this.#buffer;
    if (await settings.get(NOTIFY_SINCE) !== undefined) await settings.put(NOTIFY_SINCE, undefined);
  }
}
