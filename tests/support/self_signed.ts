/**
 * Certificates for tests.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A certificate of this minute for 127.0.0.1. */
export async function selfSigned(): Promise<{ readonly cert: string; readonly key: string }> {
  const { stdout, success } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-nodes", "-keyout", "-", "-out", "-", "-days", "2", "-subj", "/CN=misp"],
      ...["-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-addext", "subjectAltName=IP:127.0.0.1"],
    ],
    stderr: "null",
  }).output();
  assert.ok(success, "openssl makes a certificate");
  const text = new TextDecoder().decode(stdout);
  const part = (what: string) =>
    new RegExp(`-----BEGIN ${what}-----[^]+?-----END ${what}-----`).exec(text)?.[0] ?? "";
  return { cert: part("CERTIFICATE"), key: part("PRIVATE KEY") };
}
