/**
 * The routes of refused reports. A page changes all reports of a reason only after a second page has asked.
 *
 * @module
 */
import { bodyLimit } from "@hono/hono/body-limit";
import type { RefusedCursor } from "../../../buffer/views.ts";
import { PUBLISH_LEASE } from "../../../publish/publisher.ts";
import type { App } from "../../context.ts";
import { messagePage } from "../layout.ts";
import type { PageParts, PageRoutes } from "../parts.ts";
import { counted } from "../text.ts";
import {
  type Change,
  changeGroup,
  type GroupChanged,
  groupRefused,
  readGroup,
} from "../../../publish/refused/groups.ts";
import { groupPage, questionPage, refusedPage, shownGroups } from "./page.ts";

/** Rows of a page of one reason. */
const PAGE_ROWS = 50;
/** Longest body of a form, which has two short fields; bytes. */
const LONGEST_FORM = 4096;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const GROUP = "/refused/:group{[0-9a-f]{16}}";

/** Adds the routes. */
export function addRefused(app: App, parts: PageParts, route: PageRoutes): void {
  const { buffer, mispUrl, owner } = parts;
  const { now, onlyViewers, onlySenders, show, frame } = route;
  const shortForm = bodyLimit({
    maxSize: LONGEST_FORM,
    onError: (context) =>
      context.json({ error: `the form is longer than ${LONGEST_FORM} bytes` }, 413),
  });
  const found = async (key: string) => {
    const grouped = await groupRefused(buffer);
    return { grouped, group: grouped.groups.find((group) => group.key === key) };
  };
  const gone = async () =>
    messagePage(
      "No such reports",
      "No refused report has this reason: they were delivered, sent again or dropped.",
      await frame(),
    );
  const invalid = async () =>
    messagePage("Invalid form", "The form does not name a report.", await frame());

  app.get("/refused", onlyViewers, async (context) => {
    const notice = NOTICES.get(context.req.query("notice") ?? "")?.(
      amountOf(context.req.query("reports")),
    );
    const grouped = await groupRefused(buffer);
    const from = amountOf(context.req.query("from")) ?? 0;
    const latest = await buffer.reports.find({
      kind: "keys",
      keys: shownGroups(grouped, from).flatMap(({ latest }) => latest),
    });
    const page = refusedPage({ grouped, latest, from, notice, mispUrl, frame: await frame() });
    return await show(context, page);
  });
  app.get(GROUP, onlyViewers, async (context) => {
    const key = context.req.param("group");
    const after = readCursor(context.req.query("after") ?? "");
    const page = await readGroup(buffer, key, PAGE_ROWS, after);
    if (page.rows.length === 0 && page.next === undefined) {
      return await show(context, await gone(), 404);
    }
    return await show(context, groupPage({ key, page, mispUrl, frame: await frame() }));
  });
  for (const change of ["retry", "drop"] satisfies Change[]) {
    app.get(`${GROUP}/${change}`, onlyViewers, async (context) => {
      const { grouped: { isMore }, group } = await found(context.req.param("group"));
      if (group === undefined) return await show(context, await gone(), 404);
      const page = questionPage({ group, isMore, change, frame: await frame() });
      return await show(context, page);
    });
    app.post(`${GROUP}/${change}`, onlySenders, shortForm, async (context) => {
      const until = amountOf(new URLSearchParams(await context.req.text()).get("until"));
      if (until === undefined) return await show(context, await invalid(), 400);
      const key = context.req.param("group");
      const result = await changeGroup(buffer, { key, change, until }, owner, now);
      return context.redirect(`/refused?${noticeOf(change, result)}`, 303);
    });
  }
  app.post("/refused/retry", onlySenders, shortForm, async (context) => {
    const form = new URLSearchParams(await context.req.text());
    const uuid = form.get("report") ?? "";
    const sink = form.get("sink");
    if (!UUID.test(uuid) || (sink !== "misp" && sink !== "feed")) {
      return await show(context, await invalid(), 400);
    }
    const changes = await buffer.reports.retry(
      [{ uuid, sink }],
      { name: PUBLISH_LEASE, owner },
      now(),
    );
    const end = changes === undefined ? "busy" : "done";
    return context.redirect(`/refused?${noticeOf("retry", { changes: changes ?? [], end })}`, 303);
  });
}

/** A whole number of an address or a form; undefined: it is none. */
function amountOf(text: string | null | undefined): number | undefined {
  return /^\d{1,15}$/.test(text ?? "") ? Number(text) : undefined;
}

function readCursor(text: string): RefusedCursor | undefined {
  const [, at, uuid = "", sink] = /^(\d{1,15})~([\da-f-]{36})~(misp|feed)$/.exec(text) ?? [];
  return sink === "misp" || sink === "feed" ? { at: Number(at), uuid, sink } : undefined;
}

/** The outcome as a query of the next page, which shows a text of {@link NOTICES} only. */
function noticeOf(change: Change, { changes, end }: GroupChanged): string {
  const changed = changes.filter((one) => one === "changed").length;
  if (changed === 0) return end === "busy" ? "notice=busy" : "notice=none";
  const part = end === "done" ? "" : "-part";
  return `notice=${change === "retry" ? "due" : "dropped"}${part}&reports=${changed}`;
}

const REST = " The others were not changed: a publisher is at work, or they are too many for one " +
  "step. Try again in a minute.";

const due = (amount = 1) =>
  `${counted(amount, "report is", "reports are")} due now; the publisher sends within a minute.`;
const dropped = (amount = 1) => `${counted(amount, "report was", "reports were")} dropped.`;

const NOTICES: ReadonlyMap<string, (amount: number | undefined) => string> = new Map([
  ["busy", () => "A publisher is at work: nothing was changed. Try again in a minute."],
  [
    "none",
    () => "Nothing was changed: the report was delivered or dropped, or a later one replaced it.",
  ],
  ["due", due],
  ["dropped", dropped],
  ["due-part", (amount?: number) => `${due(amount)}${REST}`],
  ["dropped-part", (amount?: number) => `${dropped(amount)}${REST}`],
]);
