/**
 * Loads `serve` from a process of its own, and says in one line of JSON what it saw.
 *
 * `single URL CONNECTIONS SECONDS FIRST`: one alert a request, each connection one after the other.
 * `slow URL COUNT`: requests that send one byte a second, until standard input closes.
 *
 * @module
 */
import process from "node:process";
import { alertLines } from "./alerts_json.ts";

const [mode, url = "", ...numbers] = Deno.args;
const { hostname, port } = new URL(url);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Plain sockets: what `fetch()` costs must not be taken for what the service costs. */
async function connect(): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname, port: Number(port) });
  connection.setNoDelay(true);
  return connection;
}

function request(alert: string): Uint8Array {
  const body = encoder.encode(alert);
  return encoder.encode(
    `POST /alerts HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${alert}`,
  );
}

async function single(connections: number, seconds: number, first: number): Promise<void> {
  const alerts = alertLines({ percent: 100, sources: 20_000 }, first);
  const times: number[] = [];
  let sent = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(Array.from({ length: connections }, async () => {
    using connection = await connect();
    const buffer = new Uint8Array(16 * 1024);
    while (performance.now() < end) {
      sent++;
      const bytes = request(alerts.next().value);
      const start = performance.now();
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
      let answer = "";
      while (!answer.endsWith("}")) {
        const read = await connection.read(buffer);
        if (read === null) throw new Error(`closed after ${answer}`);
        answer += decoder.decode(buffer.subarray(0, read));
      }
      if (!answer.startsWith("HTTP/1.1 200") || !answer.includes('"accepted":1')) {
        throw new Error(answer);
      }
      times.push(performance.now() - start);
    }
  }));
  times.sort((one, other) => one - other);
  const { user, system } = process.cpuUsage();
  const quantile = (part: number) => times[Math.floor((times.length - 1) * part)];
  console.log(JSON.stringify({
    perSecond: times.length / seconds,
    median: quantile(0.5),
    p99: quantile(0.99),
    sent,
    cpuSeconds: (user + system) / 1e6,
  }));
}

async function slow(count: number): Promise<void> {
  const head = encoder.encode(
    `POST /alerts HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 5000\r\n\r\n{`,
  );
  const connections = await Promise.all(Array.from({ length: count }, connect));
  for (const connection of connections) await connection.write(head);
  const timer = setInterval(() => {
    for (const connection of connections) connection.write(encoder.encode(" ")).catch(() => {});
  }, 1000);
  console.log(JSON.stringify({ open: connections.length }));
  for await (const _ of Deno.stdin.readable);
  clearInterval(timer);
  for (const connection of connections) connection.close();
}

if (mode === "single") await single(Number(numbers[0]), Number(numbers[1]), Number(numbers[2]));
else await slow(Number(numbers[0]));
