/**
 * Stands for systemd: prints what is sent to a socket, one message a line.
 *
 * @module
 */
const listener = Deno.listenDatagram({ transport: "unixpacket", path: Deno.args[0]! });
console.log("listening");
for await (const [bytes] of listener) console.log(new TextDecoder().decode(bytes));
