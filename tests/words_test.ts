import assert from "node:assert/strict";

const PROJECT = new URL("../", import.meta.url);

/**
 * Words that had to be explained before anything could be read, and the words of the field that replace
 * them (docs/architecture.md, "Words").
 */
const RETIRED: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\b(re)?told\b|\btells?\b|\btelling\b/i, "says, reports, logs; last published"],
  [/\b(fr(ee|o)zen?|freez\w*|froze)\b|[fF]reeze|[fF]rozen/, "snapshot"],
  [/\bhomes?\b|\bHome\b/, "source record, source event"],
  [/\bsettl\w*|[sS]ettled/, "compact, over"],
  [/\brooms?\b|Room\b/, "module, folder; limit, capacity"],
  [/\bdesks?\b|Desk\b/, "store"],
  [/\bstayers?\b|Stayer\b|--stay\b|\bstays behind\b/, "background publisher"],
  [/\bpatien\w*|Patience|Patiently/, "read timeout, lock timeout"],
  [/\bcare\b|\bCare\b/, "open options"],
  [/\btroubles?\b|Trouble\b/, "errors, problem"],
  [/\bremed\w+|Remedy/, "hint"],
  [/\b(left|leaves?|leaving) (\w+ ){0,3}alone\b/i, "paused; not touched"],
  [/\blets? (\w+ ){0,2}in\b|\bletIn\b|LetIn\b/, "compromised, logged in"],
  [/\bsets? (\w+ ){0,3}aside\b|setAside/, "refused"],
  [/\bgiv(e|es|en|ing) (\w+ ){0,3}up\b|[gG]ivenUp|giveUp/, "evict; drop; release"],
  [/\bhand-?overs?\b/i, "batch"],
  [/\bdrafts?\b|Draft\b/, "attack; partial"],
  [/\bforeign\b|Foreign\b/, "untrusted"],
  [/\bmend(s|ed|ing)?\b/i, "fix"],
  [/\bwithheld\b|\bunseen\b|\bquiet\b/, "suppressed, visually hidden, muted"],
  [/(?<!\bthere )\bis no\b(?! (longer|more)\b)/i, "is not a valid …"],
];

/** What stays for users' sake, or means something else. */
const ALLOWED: readonly RegExp[] = [
  /server\.patience_seconds|patience_seconds|PATIENCE_SECONDS/g,
  /custom_misp_given_up_total|"given_up"|\bgiven_up\b/g,
  /frozen_at|\bfrozen\b(?=[:`"],?| (?:=|\(=))|`frozen`|"frozen"|--frozen/g,
  /--stay\b|"--stay"|\(until-idle\|stay\)/g,
  /troubleshooting/gi,
  /Documentation=|\bHOME\b|\$HOME/g,
  /process\.stdout|--quiet\b|"quiet"/g,
  /FOREIGN KEY/g,
  /Deno\.stdin/g,
  /\/home\/|home\\?\.arpa|draft\/2020-12|allSettled|"X is no Y"/g,
];

/** Migrations name tables and columns as they were. */
const SKIPPED: readonly string[] = [
  "src/buffer/sqlite/migrations/first_twelve.ts",
  "docs/contracts/",
];

function filesBelow(folder: string): readonly string[] {
  return [...Deno.readDirSync(new URL(folder, PROJECT))].flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}${name}/`) : [`${folder}${name}`]
  );
}

/** The retired words of a text, each with its line. */
function retiredIn(text: string): readonly string[] {
  const cleaned = ALLOWED.reduce((rest, allowed) => rest.replaceAll(allowed, ""), text);
  return cleaned.split("\n").flatMap((line, index) =>
    RETIRED.flatMap(([word, instead]) => {
      const found = word.exec(line);
      return found === null ? [] : [`${index + 1}: "${found[0]}"; use ${instead}`];
    })
  );
}

Deno.test("src, deploy and documents use no retired word", () => {
  const files = ["src/", "docs/", "deploy/"].flatMap(filesBelow)
    .concat("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "main.ts")
    .filter((path) => /\.(ts|md|sh|ya?ml|json|service|timer|conf|xml)$/.test(path))
    .filter((path) => !SKIPPED.some((skipped) => path.startsWith(skipped)));
  assert.ok(files.length > 200, `${files.length} files`);
  const found = files.flatMap((path) =>
    retiredIn(Deno.readTextFileSync(new URL(path, PROJECT))).map((one) => `${path}:${one}`)
  );
  assert.deepEqual(found, []);
});

Deno.test("retiredIn() finds words in prose and in names, and spares what users script against", () => {
  assert.deepEqual(
    retiredIn("it told us\nconst isFrozen = 1;\nthe sink is left alone").map((one) =>
      one.split(";")[0]
    ),
    ['1: "told"', '2: "Frozen"', '3: "left alone"'],
  );
  assert.deepEqual(retiredIn("server.patience_seconds and custom_misp_given_up_total"), []);
  assert.deepEqual(retiredIn("there is no longer a file"), []);
});
