/**
 * What a webhook is sent about a login that succeeded. Pure. Attackers chose the user name: it may
 * neither mention people in a chat nor look like a link.
 *
 * @module
 */
import type { Notification } from "../buffer/notifications.ts";
import { oneLine } from "../text.ts";

/** How a message is written: JSON with fields, as Slack and Mattermost read it, or plain text. */
export type MessageFormat = "json" | "slack" | "text";

/** A login that succeeded. */
export interface Login extends Pick<Notification, "sourceIp" | "loginAt" | "sensor" | "username"> {
  /** Where MISP shows the event of the source; undefined: it has none yet. */
  readonly eventUrl: string | undefined;
}

/** A body, and its type. */
export interface Message {
  readonly contentType: string;
  readonly body: string;
}

/** Characters of a name that a message has. */
const LONGEST_NAME = 100;

/** Writes the message about a login. It has a few hundred bytes. */
export function messageOf(login: Login, format: MessageFormat): Message {
  switch (format) {
    case "json":
      return { contentType: "application/json", body: JSON.stringify(fieldsOf(login)) };
    case "slack":
      return { contentType: "application/json", body: JSON.stringify({ text: chatText(login) }) };
    case "text":
      return {
        contentType: "text/plain; charset=utf-8",
        body: sentence(login, (name) => `"${name}"`),
      };
  }
}

function fieldsOf(login: Login) {
  return {
    event: "honeypot_login",
    address: login.sourceIp,
    sensor: login.sensor === undefined ? null : shortened(login.sensor),
    username: login.username === undefined ? null : shortened(login.username),
    time: timeOf(login),
    event_url: login.eventUrl ?? null,
    text: sentence(login, (name) => `"${name}"`),
  };
}

/** In a span of code, no chat reads mentions or links; Slack wants three characters escaped. */
function chatText(login: Login): string {
  const text = sentence(login, (name) => `\`${name.replaceAll("`", "'")}\``);
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function sentence(login: Login, quoted: (name: string) => string): string {
  const { sourceIp, sensor, username, eventUrl } = login;
  const as = username === undefined ? "" : ` as ${quoted(shortened(username))}`;
  const where = sensor === undefined ? "a honeypot" : `honeypot ${quoted(shortened(sensor))}`;
  const event = eventUrl === undefined ? "" : ` ${eventUrl}`;
  return `${sourceIp} logged in${as} on ${where} at ${timeOf(login)}. ` +
    `Treat this sensor as compromised.${event}`;
}

const timeOf = ({ loginAt }: Login) => new Date(loginAt).toISOString();

const shortened = (name: string) => oneLine([...name].slice(0, LONGEST_NAME).join(""));
