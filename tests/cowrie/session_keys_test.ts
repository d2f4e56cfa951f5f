import assert from "node:assert/strict";
import { plantedKeys } from "../../src/cowrie/session_keys.ts";

const ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIMeMxZFltiDzdhPsZ9X3ZHpJ8YxNDgqzD2Yu570T1SsR";
const VALUE = "SHA256:JA56jI9yzffWTlN2N9I3J1l3ndJuq7kqzPyrSzUcoCk";

Deno.test("plantedKeys() knows a key by the fingerprint that ssh-keygen shows", () => {
  const key = { kind: "key", value: VALUE, keyType: "ssh-ed25519" };
  assert.deepEqual(plantedKeys(`echo "ssh-ed25519 ${ED25519}" >> a`), [key]);
  assert.deepEqual(plantedKeys(`echo ssh-ed25519 ${ED25519} me@pc>>a; ssh-ed25519 ${ED25519}`), [
    { ...key, comment: "me@pc" },
  ]);
  assert.deepEqual(plantedKeys(`ssh-ed25519 ${ED25519} ../../[x](y)`), [key]);
});

Deno.test("plantedKeys() finds a key in each spelling of a command that plants it", () => {
  for (
    const text of [
      `echo -e "\\nssh-ed25519 ${ED25519}\\n" >> a`,
      `printf '\\tssh-ed25519 ${ED25519} x\\n'`,
      `cat > a <<EOF\nssh-ed25519 ${ED25519}\nEOF`,
      `cat > a <<EOF\\x0assh-ed25519 ${ED25519}\\x0aEOF`,
      `echo 'from="203.0.113.9",no-pty ssh-ed25519 ${ED25519}' | tee a`,
      `echo ssh-ed25519\\ ${ED25519}\\ x>>a`,
      `echo "ssh-ed25519 "${ED25519}>>a`,
      `echo ssh-ed25519 "${ED25519}">>a`,
      `echo 'ssh-ed25519' '${ED25519}'>>a`,
    ]
  ) assert.equal(plantedKeys(text)[0]?.value, VALUE, text);
  const [key] = plantedKeys(`ssh-ed25519 ${ED25519} mdrfckr\\n`);
  assert.equal(key?.comment, "mdrfckr");
});

Deno.test("plantedKeys() takes no key that was cut, or that is of another type than it says", () => {
  for (
    const text of [
      `ssh-ed25519 ${ED25519.slice(0, -8)}`,
      `ssh-rsa ${ED25519}`,
      `ssh-ed25519 ${ED25519}AAAA`,
      "ssh-rsa AAAA",
      `ssh-ed25519 ${"AAAA".repeat(20_000)}`,
      "AAAA",
    ]
  ) assert.deepEqual(plantedKeys(text), []);
});
