import assert from "node:assert/strict";
import { checkSecrets } from "../../src/cli/commands/doctor/files.ts";
import { mispAccess } from "../../src/cli/wiring/publisher.ts";
import { loadConfig } from "../../src/config/load.ts";
import { tempFolder } from "../support/temp.ts";

/** A configuration with a proxy, whose file has this text. */
function loadedWith(path: string, text: string) {
  Deno.writeTextFileSync(path, text);
  Deno.chmodSync(path, 0o644);
  const environment: Readonly<Record<string, string>> = {
    WM_MISP_URL: "https://misp.example.org",
    WM_MISP_API_KEY: "k".repeat(40),
    WM_MISP_PROXY: "http://proxy.example.org:3128",
    WM_MISP_PROXY_AUTH_FILE: path,
  };
  return loadConfig({
    root: "/var/ossec",
    environment: (name) => environment[name],
    readTextFile: () => {
      throw new Deno.errors.NotFound("No such file");
    },
  });
}

Deno.test("mispAccess() reads the proxy's user and password, with any colon in the password", () => {
  using folder = tempFolder();
  const { config } = loadedWith(folder.file("proxy"), "site:a:b c\n");
  assert.deepEqual(mispAccess(config)?.proxy, {
    url: "http://proxy.example.org:3128",
    credentials: "site:a:b c",
  });
});

for (const text of ["", "secret", ":secret", "site:", "site:secret\nsite:other"]) {
  Deno.test(`mispAccess() takes no user and password from ${JSON.stringify(text)}, and does not show it`, () => {
    using folder = tempFolder();
    const path = folder.file("proxy");
    const { config } = loadedWith(path, text);
    assert.throws(() => mispAccess(config), {
      name: "ConfigError",
      message: `misp.proxy_auth_file ${path} does not hold USER:PASSWORD in one line`,
    });
  });
}

Deno.test("checkSecrets() warns of a proxy's password that everybody may read", () => {
  using folder = tempFolder();
  const path = folder.file("proxy");
  const checks = checkSecrets(loadedWith(path, "site:secret"));
  assert.deepEqual(checks.slice(1), [{
    name: "misp.proxy_auth_file",
    state: "warning",
    found: `${path} has mode 0644: every user may read it`,
    hint: `chmod 640 ${path}`,
  }]);
});
