/** What tests of the pages share. */
import { createHash } from "node:crypto";
import { parseTokens } from "../../src/server/middleware/access.ts";
import { PageScene } from "../support/page_scene.ts";

export const A = "82.202.219.155";
export const B = "2a02:4780::7";
export const MINUTE = 60_000;
export const TOKEN = "Correct-Horse-Battery-Staple";
export const tokens = () =>
  parseTokens(`analyst sha256:${createHash("sha256").update(TOKEN).digest("hex")}`);
export const AUTHORIZATION = { Authorization: `Basic ${btoa(`me:${TOKEN}`)}` };

/** The text of a page: no tags, one space between words. */
export function wordsOf(page: string): string {
  return page.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

export function form(
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): RequestInit {
  return {
    method: "POST",
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
  };
}

/** A scene with a report that MISP refused. */
export async function refusedScene(reason = "MISP said no", changes = {}): Promise<PageScene> {
  const scene = new PageScene(changes);
  scene.answer = () => ({ kind: "refused", reason });
  await scene.attack({ source: A });
  await scene.publish(true);
  return scene;
}

/** The whole text of the next event. */
export async function nextEvent(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}

/** Sends the form of a page that has its only button at its end. */
export async function sendForm(scene: PageScene, page: string): Promise<Response> {
  const [, action = "", body = ""] =
    /<form class="actions" method="post" action="([^"]+)">(.*?)<\/form>/s.exec(page) ?? [];
  const fields = [...body.matchAll(/name="([^"]+)" value="([^"]*)"/g)];
  return await scene.fetch(action, form(Object.fromEntries(fields.map(([, ...pair]) => pair))));
}
