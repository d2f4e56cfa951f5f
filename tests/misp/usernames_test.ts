import assert from "node:assert/strict";
import fc from "fast-check";
import {
  couldBeSecret,
  forMisp,
  markdownText,
  summariseUsernames,
} from "../../src/misp/usernames.ts";

Deno.test("summariseUsernames() shows the most tried names first and counts the rest", () => {
  const counts = { admin: 7, root: 30, "hunter2!": 2, oracle: 7, "": 1 };
  assert.deepEqual(summariseUsernames(counts, "top"), {
    shown: [
      { name: "root", count: 30 },
      { name: "admin", count: 7 },
      { name: "oracle", count: 7 },
    ],
    distinct: 5,
    others: { names: 2, count: 3 },
  });
});

Deno.test("summariseUsernames() shows ten names at most", () => {
  const counts = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`user${"abcdefghijkl"[index]}`, 100 - index]),
  );
  const { shown, distinct, others } = summariseUsernames(counts, "top");
  assert.deepEqual(
    shown.map(({ name }) => name).join(" "),
    [
      ..."usera userb userc userd usere userf userg userh useri userj",
    ].join(""),
  );
  assert.equal(distinct, 12);
  assert.deepEqual(others, { names: 2, count: 179 });
});

Deno.test("summariseUsernames() with all shows every name, but no control character raw", () => {
  const counts = { "Summer2024": 1, "a\nb": 2, "\u202eroot": 3, "": 4, "mötley": 5 };
  assert.deepEqual(summariseUsernames(counts, "all"), {
    shown: [
      { name: "mötley", count: 5 },
      { name: "", count: 4 },
      { name: "\\u{202e}root", count: 3 },
      { name: "a\\u{a}b", count: 2 },
      { name: "Summer2024", count: 1 },
    ],
    distinct: 5,
    others: { names: 0, count: 0 },
  });
});

Deno.test("summariseUsernames() with count shows none", () => {
  assert.deepEqual(summariseUsernames({ root: 3, admin: 1 }, "count"), {
    shown: [],
    distinct: 2,
    others: { names: 2, count: 4 },
  });
});

Deno.test("summariseUsernames() of nothing is nothing", () => {
  for (const policy of ["top", "all", "count"] as const) {
    assert.deepEqual(summariseUsernames({}, policy), {
      shown: [],
      distinct: 0,
      others: { names: 0, count: 0 },
    });
  }
});

Deno.test("summariseUsernames() takes names of Object.prototype for names", () => {
  const counts = Object.fromEntries([["__proto__", 2], ["constructor", 1]]);
  assert.deepEqual(summariseUsernames(counts, "top").shown, [
    { name: "__proto__", count: 2 },
    { name: "constructor", count: 1 },
  ]);
});

Deno.test("couldBeSecret() lets account names pass", () => {
  const names = [
    ...["root", "admin", "Administrator", "ADMIN", "ubuntu", "pi", "ec2-user", "www-data"],
    ...["_apt", "systemd-network", "john.doe", "DESKTOP$", "user1", "test123", "oracle12c"],
    ...["db2inst1", "k8s", "git", "a", "backup_svc", "ftpuser", "postgres", "deadbeef"],
    ...["abcdefghijklmnopqrstuvwxyzabcdef"],
  ];
  assert.deepEqual(names.filter(couldBeSecret), []);
});

Deno.test("couldBeSecret() finds names that are not account names, and names like passwords", () => {
  const names = [
    ...[
      "",
      " ",
      "1234",
      "123456",
      "P@ssw0rd",
      "hunter2!",
      "two words",
      "root ",
      "root\n",
      "root\0",
    ],
    ...["naïve", "админ", "😀", "a$b", "user@example.org", "DOMAIN\\user", "-oProxyCommand"],
    ...["abcdefghijklmnopqrstuvwxyzabcdefg", "Winter1", "Welcome123", "summer2024", "spring1999"],
    ...["p4ssw0rd", "k7m2q9x4", "tr0ub4dor", "d41d8cd98f00b204e9800998ecf8427e"],
    ...["deadbeefdeadbee0", "correct-horse-battery-staple", "\ud800"],
  ];
  assert.deepEqual(names.filter((name) => !couldBeSecret(name)), []);
});

Deno.test("forMisp() does not change ordinary text", () => {
  assert.equal(forMisp("root", 100), "root");
  assert.equal(forMisp("Zürich, 東京, “quoted” \\ /", 100), "Zürich, 東京, “quoted” \\ /");
  assert.equal(forMisp("", 100), "");
});

Deno.test("forMisp() writes what MISP cannot take as an escape", () => {
  assert.equal(forMisp("a\0b\nc\td\x7fe\x9ff", 100), "a\\u{0}b\\u{a}c\\u{9}d\\u{7f}e\\u{9f}f");
  assert.equal(forMisp("😀", 100), "\\u{1f600}");
  assert.equal(forMisp("a\ud800b\udc00", 100), "a\\u{d800}b\\u{dc00}");
  assert.equal(
    forMisp("\u202e\u200b\u2028\u2029\ufeff\ue000\uffff", 100),
    [
      ..."\\u{202e}\\u{200b}\\u{2028}\\u{2029}\\u{feff}\\u{e000}\\u{ffff}",
    ].join(""),
  );
});

Deno.test("forMisp() cuts by bytes, between characters and escapes", () => {
  assert.equal(forMisp("abcdef", 6), "abcdef");
  assert.equal(forMisp("abcdefg", 6), "abc…");
  assert.equal(forMisp("ééé", 6), "ééé");
  assert.equal(forMisp("éééé", 6), "é…");
  assert.equal(forMisp("ab\ncdefgh", 8), "ab…");
  assert.equal(forMisp("ab\ncdefgh", 10), "ab\\u{a}…");
  assert.equal(forMisp("abcdef", 3), "…");
  assert.equal(forMisp("abcdef", 2), "");
  assert.equal(forMisp("abcdef", 0), "");
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
  fc.array(
    fc.constantFrom("`", "[", "]", "@", "!", "(", "\\", "|", "<", " ", "\n", "a", "https://"),
  ).map((
    parts,
  ) => parts.join("")),
);

Deno.test("forMisp() gives text that fits and that MISP stores", () => {
  fc.assert(
    fc.property(anyText, fc.nat({ max: 60 }), (text, maximum) => {
      const clean = forMisp(text, maximum);
      assert.ok(new TextEncoder().encode(clean).length <= maximum);
      assert.ok(clean.isWellFormed());
      assert.doesNotMatch(clean, /[\p{Cc}\u{10000}-\u{10ffff}]/u);
      assert.equal(forMisp(clean, maximum), clean);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("markdownText() is one code span", () => {
  assert.equal(markdownText("root"), "`root`");
  assert.equal(markdownText("_apt"), "`_apt`");
  assert.equal(markdownText("a*b_c*"), "`a*b_c*`");
  assert.equal(markdownText(""), "(empty)");
  assert.equal(markdownText(" "), "`\\u{20}`");
  assert.equal(markdownText(" a b\u00a0"), "`\\u{20}a b\\u{a0}`");
});

Deno.test("markdownText() defuses links, images, HTML, references of MISP, tables and lines", () => {
  assert.equal(markdownText("[a](https://x.example)"), "`\\u{5b}a\\u{5d}(https://x.example)`");
  assert.equal(
    markdownText("@[attribute](5f0f1a52-0000-4000-8000-000000000001)"),
    "`@\\u{5b}attribute\\u{5d}(5f0f1a52-0000-4000-8000-000000000001)`",
  );
  assert.equal(markdownText("`<b>`"), "`\\u{60}\\u{3c}b\\u{3e}\\u{60}`");
  assert.equal(markdownText("a|b"), "`a\\u{7c}b`");
  assert.equal(markdownText("a\r\n# b"), "`a\\u{d}\\u{a}# b`");
  assert.equal(markdownText("a\\"), "`a\\`");
});

Deno.test("markdownText() never leaves its code span", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const markdown = markdownText(text);
      if (text === "") return;
      assert.match(markdown, /^`[^`[\]<>|\p{Cc}\p{Zl}\p{Zp}]+`$/u);
      assert.doesNotMatch(markdown, /^` | `$/);
    }),
    { numRuns: 2000 },
  );
});
