import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { PageScene } from "../support/page_scene.ts";
import { A, B, MINUTE, refusedScene } from "./pages_rig.ts";

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</title></svg></table><script>x</script>",
  "{{7*7}}${7*7}",
  "\u202egnp.exe\u0000\u001b[2J",
  "&lt;b&gt;",
  "javascript:alert(1)",
];

/** The tags of a page and their attributes, as a parser of one's own mind would see them. */
function assertHarmless(page: string, about: string): void {
  assert.doesNotMatch(page, /<script(?! src="\/assets\/)/i, about);
  assert.doesNotMatch(page, /<(img|iframe|object|embed|style|base)\b/i, about);
  const tags = [...page.matchAll(/<[a-z][^>]*>/gi)];
  assert.ok(tags.length > 5, `${about}: ${tags.length} tags`);
  for (const [tag] of tags) {
    const names = tag.replaceAll(/"[^"]*"/g, '""');
    assert.doesNotMatch(names, /\s(on\w+|style)\s*=/i, `${about}: ${tag}`);
    const [, link] = /\s(?:href|src|action)="([^"]*)"/i.exec(tag) ?? [];
    assert.match(link ?? "/", /^(\/(?!\/)|#|https:\/\/misp\.example\.org\/)/, `${about}: ${tag}`);
  }
  // deno-lint-ignore no-control-regex -- they are what must not be there
  assert.doesNotMatch(page, /[\u0000-\u0008\u001b\u202a-\u202e]/, about);
}

Deno.test("pages show untrusted text as text, everywhere", async () => {
  using scene = new PageScene();
  for (const text of HOSTILE) {
    const place = { country: text, countryCode: text, city: text, organisation: text, asn: 1 };
    const guess = { username: text, sensor: text, technique: text, place };
    scene.answer = () => ({ kind: "refused", reason: text });
    await scene.attack({ ...guess, source: A, isCompromise: true }, { ...guess, source: B });
    await scene.publish(true);
    scene.answer = () => ({ kind: "retry", reason: text });
    await scene.attack({ ...guess, source: B });
    await scene.publish(true);
    scene.answer = () => ({ kind: "unavailable", reason: text });
    await scene.attack({ ...guess, source: "82.1.1.1" });
    await scene.publish(true);
    await scene.buffer.settings.put("publisher's problem", text);
    await scene.attack({ ...guess, source: A });
    for (
      const path of [
        ...["/", "/refused", `/sources/${A}`, `/sources/${encodeURIComponent(B)}`],
        ...[`/sources/${encodeURIComponent(text)}`, `/refused?notice=${encodeURIComponent(text)}`],
        `/refused?notice=due&reports=${encodeURIComponent(text)}`,
        ...[
          "/?span=month",
          "/sources",
          `/sensors/${encodeURIComponent(`${text}@wazuh-manager-01`)}`,
        ],
        `/sensors/${encodeURIComponent(`no ${text}`)}`,
        ...["username", "address", "after", "order", "network"].map((field) =>
          `/sources?${new URLSearchParams({ [field]: text })}`
        ),
      ]
    ) {
      const page = await scene.page(path);
      assertHarmless(page, `${path} ${text}`);
      if (path === "/") assert.ok(page.includes("<bdi>"), "names are set apart");
    }
    scene.now += 60 * MINUTE;
  }
  const page = await scene.page("/");
  assert.match(page, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
  assert.match(page, /\\u202egnp\.exe/);
});

Deno.test("pages have nothing from elsewhere and nothing that the policy would refuse", async () => {
  using scene = await refusedScene();
  for (const path of ["/", "/sources", "/refused", `/sources/${A}`, "/sources/1.1.1.1"]) {
    const response = await scene.fetch(path);
    assertHarmless(await response.text(), path);
    assert.equal(response.headers.get("Cache-Control"), "no-store");
    assert.match(response.headers.get("Content-Type") ?? "", /^text\/html; charset=utf-8/i);
    const policy = response.headers.get("Content-Security-Policy") ?? "";
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
  }
});

Deno.test("pages load files that may be kept, since their names change with them", async () => {
  using scene = new PageScene();
  const page = await scene.page("/");
  const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
  assert.equal(paths.length, 3);
  for (const path of paths) {
    const response = await scene.fetch(path);
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(response.headers.get("Cache-Control") ?? "", /max-age=31536000, immutable/);
    assert.ok(path.includes(createHash("sha256").update(text).digest("hex").slice(0, 12)));
    assert.doesNotMatch(text, /@import|url\(|https?:\/\/(?!www\.w3\.org\/2000\/svg")/);
  }
  assert.equal((await scene.fetch("/assets/pages.000000000000.css")).status, 404);
});
