import assert from "node:assert/strict";
import { configurationKeys } from "../../src/config/keys.ts";

const KEYS = configurationKeys("/var/ossec");

Deno.test("server.base_path is a path of plain names", () => {
  const { check } = KEYS["server.base_path"]!;
  for (const path of ["/honeypots", "/a/b-c_d.e~f"]) assert.equal(check!(path), undefined, path);
  for (
    const path of [
      "",
      "/",
      "honeypots",
      "/a/",
      "//evil.example",
      "/a//b",
      "/a b",
      '/a"',
      "/..",
      "/a/./b",
    ]
  ) {
    assert.equal(check!(path), "a path such as /honeypots, without a slash at its end", path);
  }
});

Deno.test("server.source_links are names and addresses with {ip} in them", () => {
  const { check } = KEYS["server.source_links"]!;
  for (
    const link of [
      "Shodan=https://www.shodan.io/host/{ip}",
      "Our own=http://intranet.example:8080/?a=b&q={ip}",
    ]
  ) assert.equal(check!(link), undefined, link);
  for (
    const link of [
      ...["", "Shodan", "=https://x.example/{ip}", "Shodan=https://x.example/"],
      ...["X=javascript:alert(1)//{ip}", "X=ftp://x.example/{ip}", "X=https://{ip} {ip}"],
    ]
  ) {
    const expected = "NAME=URL with {ip} in it, such as Shodan=https://www.shodan.io/host/{ip}";
    assert.equal(check!(link), expected, link);
  }
});
