/**
 * Why `serve` cannot listen, and what to do about it.
 *
 * @module
 */
import { EXIT, Failure } from "../../exit.ts";
import { messageOf } from "../../../errors.ts";
import type { Address } from "./listening.ts";

/** How long another service may take to say who it is, milliseconds. */
const LONGEST_ANSWER_MS = 1000;

/** `HOST:PORT`, as a configuration writes it. */
export function addressText({ hostname, port }: Address): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** What was found, and the next step. */
export interface ListenProblem {
  readonly what: string;
  readonly hint: string;
  /** Whether `serve` of this program is what listens there. */
  readonly isOurs: boolean;
}

/** Explains what listening ended in. */
export async function listenProblem(address: Address, error: unknown): Promise<ListenProblem> {
  const at = addressText(address);
  const { hostname, port } = address;
  if (error instanceof Deno.errors.AddrInUse) {
    return await isServe(at)
      ? {
        what: `another \`serve\` of this program listens on ${at} already`,
        hint: "end it, or set server.listen to another port",
        isOurs: true,
      }
      : {
        what: `another program listens on ${at} already`,
        hint:
          `\`ss -ltnp sport = :${port}\` names it; end it, or set server.listen to another port`,
        isOurs: false,
      };
  }
  if (error instanceof Deno.errors.NotCapable) {
    return {
      what: `this binary may not listen on ${at}`,
      hint: `compile it with --listen ${at}, or set server.listen to what it was compiled for`,
      isOurs: false,
    };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return {
      what: `port ${port} is for root alone`,
      hint: "set server.listen to a port from 1024 on",
      isOurs: false,
    };
  }
  const hint = "set server.listen to an address of this machine, such as 127.0.0.1:8787";
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return { what: `${hostname} is not an address of this machine`, hint, isOurs: false };
  }
  if (isLookUp(error)) {
    return { what: `${hostname} is not a host name that this machine knows`, hint, isOurs: false };
  }
  return { what: `cannot listen on ${at}: ${messageOf(error)}`, hint, isOurs: false };
}

/** The system's words for a name that nothing resolves. */
const isLookUp = (error: unknown): boolean =>
  /failed to lookup address|Name or service not known|No address/.test(messageOf(error));

/** The same for a command that ends. */
export async function listenFailure(address: Address, error: unknown): Promise<Failure> {
  const { what, hint } = await listenProblem(address, error);
  return new Failure(EXIT.failed, `${what}; ${hint}`);
}

/** Whether our own service answers there. The binary may connect to where it may listen. */
async function isServe(at: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${at}/healthz`, {
      redirect: "manual",
      signal: AbortSignal.timeout(LONGEST_ANSWER_MS),
    });
    // Nobody else answers with exactly this (server/health.ts).
    return (await response.text()).slice(0, 100) === '{"status":"ok"}';
  } catch {
    return false;
  }
}
