import assert from "node:assert/strict";
import { LIST_FORMATS, type ListFormat } from "../../src/list_query.ts";
import { readStates } from "../../src/lists/states.ts";
import { writeListsInTime } from "../../src/lists/writer.ts";
import { expireSource, NO_LOOKUPS, retractSource } from "../../src/publish/snapshot.ts";
import { DAY, MINUTE, START } from "../buffer/sqlite_rig.ts";
import { PLAIN_SNAPSHOT_RULES } from "../support/snapshots.ts";
import { addresses, link, ListRig, OPEN_GATES, rule } from "./rig.ts";

const SIZED = rule("attackers", { maxChangePercent: 20 });
const REFUSED = "list attackers would shrink from 100 to 10 addresses, by 90 %, and was not " +
  "written; look at `list attackers`, and accept it once by `list attackers --accept`";

Deno.test("writeLists() writes each list into its file, and nothing beside it", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.7", "198.51.100.8"]);
  const rules = [rule("all"), rule("two", { format: "csv", file: "sub/two.csv" })];
  assert.deepEqual(await rig.write(rules), [
    { name: "all", addresses: 2, problem: undefined },
    { name: "two", addresses: 2, problem: undefined },
  ]);
  assert.equal(rig.text("all"), "192.0.2.7\n198.51.100.8\n");
  assert.equal(rig.text("sub/two.csv").split("\n").length, 4);
  const names = [...Deno.readDirSync(rig.folder.file("lists"))].map(({ name }) => name).sort();
  assert.deepEqual(names, ["all", "sub"]);
  const { mode } = Deno.statSync(rig.folder.file("lists/all"));
  assert.equal(mode! & 0o777, 0o640);
});

Deno.test("writeLists() gives each list the sources that it asks for", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.1"], { time: "2026-08-13T06:00:00.000+0000" });
  await rig.attack(["192.0.2.2", "192.0.2.2", "192.0.2.3"]);
  await rig.attack(["192.0.2.3"], { agent: "honeypot-ams2", agentId: "008" });
  const accepted = "Accepted password for root from 192.0.2.2 port 51676 ssh2";
  await rig.attack(["192.0.2.2"], { rule: "5715", message: accepted });
  await rig.write([
    rule("week", { withinMs: 7 * DAY }),
    rule("attempts", { minAttempts: 2 }),
    rule("sensors", { minSensors: 2 }),
    rule("in", { gotIn: true }),
  ]);
  assert.equal(rig.text("week"), "192.0.2.2\n192.0.2.3\n");
  assert.equal(rig.text("attempts"), "192.0.2.2\n192.0.2.3\n");
  assert.equal(rig.text("sensors"), "192.0.2.3\n");
  assert.equal(rig.text("in"), "192.0.2.2\n");
});

Deno.test("writeLists() leaves a file as it is while nothing changes", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.7"]);
  await rig.write([rule("all")]);
  const inode = () => Deno.statSync(rig.folder.file("lists/all")).ino;
  const before = inode();
  await rig.attack(["192.0.2.7"]);
  await rig.write([rule("all")]);
  assert.equal(inode(), before);
  await rig.attack(["192.0.2.8"]);
  await rig.write([rule("all")]);
  assert.notEqual(inode(), before);
});

Deno.test("writeLists() holds back a list that changes too much, until it is accepted once", async () => {
  using rig = new ListRig();
  await rig.attack(addresses(90), { time: "2026-08-13T06:00:00.000+0000" });
  await rig.attack(addresses(10, 90));
  await rig.write([SIZED]);
  const all = rig.text("attackers");
  assert.equal(all.split("\n").length, 101);
  const week = { ...SIZED, withinMs: 7 * DAY };
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await rig.write([week]), [
      { name: "attackers", addresses: 100, problem: REFUSED },
    ]);
    assert.equal(rig.text("attackers"), all);
    rig.now += 5 * MINUTE;
  }
  assert.deepEqual(rig.logged, [`error: ${REFUSED}`]);
  rig.now += 60 * MINUTE;
  await rig.write([week]);
  assert.equal(rig.logged.length, 2);
  assert.deepEqual(await rig.write([week], ["another"]), [
    { name: "attackers", addresses: 100, problem: REFUSED },
  ]);
  assert.deepEqual(await rig.write([week], ["attackers"]), [
    { name: "attackers", addresses: 10, problem: undefined },
  ]);
  assert.deepEqual(rig.logged.slice(2), ["info: list attackers is written again"]);
  assert.equal(rig.text("attackers"), addresses(10, 90).toSorted().join("\n") + "\n");
});

Deno.test("writeLists() measures a change by the file: a new buffer does not empty a list", async () => {
  using rig = new ListRig();
  await rig.attack(addresses(100));
  await rig.write([SIZED]);
  using later = new ListRig();
  await Deno.mkdir(later.folder.file("lists"));
  await Deno.copyFile(rig.folder.file("lists/attackers"), later.folder.file("lists/attackers"));
  const [state] = (await later.write([SIZED]))!;
  assert.match(state!.problem!, /would shrink from 100 to 0 addresses, by 100 %/);
  assert.equal(later.text("attackers"), rig.text("attackers"));
});

Deno.test("writeLists() takes out what is allow-listed, however much that is", async () => {
  using rig = new ListRig();
  await rig.attack(addresses(100));
  await rig.write([SIZED]);
  rig.gates = () => ({
    ...OPEN_GATES,
    refusal: (address) => /\.\d$/.test(address) ? undefined : "allow_listed",
  });
  assert.deepEqual(await rig.write([SIZED]), [
    { name: "attackers", addresses: 10, problem: undefined },
  ]);
  // The next one that shrinks has no such reason.
  rig.now += 8 * DAY;
  const [state] = (await rig.write([{ ...SIZED, withinMs: DAY }]))!;
  assert.match(state!.problem!, /would shrink from 10 to 0 addresses/);
});

Deno.test("writeLists() takes a withdrawn address out of a list that it does not write", async () => {
  using rig = new ListRig();
  const rules = [SIZED, { ...SIZED, name: "nft", file: "nft", format: "nftables" as const }];
  await rig.attack(addresses(10));
  await rig.write(rules);
  await rig.attack(addresses(90, 10));
  rig.gates = () => ({
    ...OPEN_GATES,
    warninglistsOf: (address) => address === "198.51.100.3" ? ["public-dns"] : [],
  });
  const states = (await rig.write(rules))!;
  for (const { name, addresses: count, problem } of states) {
    assert.match(problem!, /would grow from 10 to 99 addresses/);
    assert.equal(count, 9);
    assert.doesNotMatch(rig.text(name), /198\.51\.100\.3\b/);
    assert.match(rig.text(name), /198\.51\.100\.4\b/);
    assert.doesNotMatch(rig.text(name), /198\.51\.100\.50\b/);
  }
});

Deno.test("writeLists() takes out of it what the list does not ask for any more, too", async () => {
  using rig = new ListRig();
  const week = { ...SIZED, withinMs: 7 * DAY, minAttempts: 2 };
  const all = addresses(100);
  await rig.attack([...all, ...all]);
  await rig.write([week]);
  rig.now += 8 * DAY;
  for (const [address, build] of [[all[3]!, retractSource], [all[4]!, expireSource]] as const) {
    await rig.buffer.outbox.republish(
      address,
      rig.now,
      (record) => build(record, PLAIN_SNAPSHOT_RULES, rig.now, NO_LOOKUPS),
    );
  }
  const [state] = (await rig.write([week]))!;
  assert.match(state!.problem!, /would shrink from 100 to 0 addresses/);
  const rest = all.filter((one) => one !== all[3] && one !== all[4]);
  assert.equal(rig.text("attackers"), rest.toSorted().join("\n") + "\n");
});

Deno.test("writeLists() lets nobody who was never on a list explain that it shrinks", async () => {
  using rig = new ListRig();
  const week = { ...SIZED, withinMs: 7 * DAY };
  await rig.attack(addresses(100));
  await rig.write([week]);
  const all = rig.text("attackers");
  rig.now += 8 * DAY;
  const time = new Date(rig.now).toISOString().replace("Z", "+0000");
  // A hundred scanners of a warning list come, and five attackers.
  await rig.attack(addresses(105, 200), { time });
  rig.gates = () => ({
    ...OPEN_GATES,
    warninglistsOf: (address) => addresses(100, 200).includes(address) ? ["scanners"] : [],
  });
  const [state] = (await rig.write([week]))!;
  assert.match(state!.problem!, /would shrink from 100 to 5 addresses/);
  assert.equal(rig.text("attackers"), all);
});

Deno.test("writeLists() holds back what it has taken withdrawn addresses out of", async () => {
  using rig = new ListRig();
  await rig.attack(addresses(50), { time: "2026-08-13T06:00:00.000+0000" });
  await rig.attack(addresses(50, 50));
  await rig.write([SIZED]);
  const [held] = addresses(1);
  rig.gates = () => ({
    ...OPEN_GATES,
    warninglistsOf: (address) => Number(address.split(".")[3]) < 50 ? [] : ["public-dns"],
  });
  const week = { ...SIZED, withinMs: 7 * DAY };
  for (let round = 0; round < 2; round++) {
    const [state] = (await rig.write([week]))!;
    assert.match(state!.problem ?? "written", /would shrink from \d+ to 0 addresses/);
    assert.equal(rig.text("attackers").split("\n").length, 51);
    assert.ok(rig.text("attackers").includes(`${held}\n`));
  }
});

Deno.test("writeLists() writes a list while fewer addresses are kept out of it", async () => {
  using rig = new ListRig();
  rig.gates = () => ({
    ...OPEN_GATES,
    warninglistsOf: (address) => Number(address.split(".")[3]) < 50 ? ["public-dns"] : [],
  });
  await rig.attack(addresses(51), { time: "2026-08-13T06:00:00.000+0000" });
  await rig.attack(addresses(20, 51));
  await rig.write([SIZED]);
  assert.deepEqual(await rig.write([{ ...SIZED, withinMs: 7 * DAY }]), [
    { name: "attackers", addresses: 20, problem: undefined },
  ]);
});

Deno.test("writeLists() writes nothing while it is not known what must be kept out", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.7"]);
  rig.gates = () => {
    throw new Error("warning lists in /x cannot be read");
  };
  assert.deepEqual(await rig.write([rule("all")]), [{
    name: "all",
    addresses: undefined,
    problem: "list all was not written: warning lists in /x cannot be read",
  }]);
  assert.equal((await readStates(rig.buffer.settings)).lists.length, 1);
  assert.deepEqual(rig.folder.names(), []);
});

Deno.test("writeLists() refuses a link in the place of a list, and writes the others", async () => {
  using rig = new ListRig();
  await rig.attack(["192.0.2.7"]);
  await Deno.mkdir(rig.folder.file("lists"));
  const target = rig.folder.file("precious");
  await Deno.writeTextFile(target, "precious");
  await link(target, rig.folder.file("lists/all"));
  const [all, other] = (await rig.write([rule("all"), rule("other")]))!;
  assert.match(
    all!.problem!,
    /^list all was not written: .*lists\/all is a link or a folder; remove/,
  );
  assert.deepEqual(other, { name: "other", addresses: 1, problem: undefined });
  assert.equal(await Deno.readTextFile(target), "precious");
});

Deno.test("writeLists() replaces a list of any form, and nothing else", async () => {
  using rig = new ListRig();
  const two = ["192.0.2.7", "2001:db8::7"];
  await rig.attack(two);
  const path = rig.folder.file("lists/all");
  const sized = (format: ListFormat) => rule("all", { format, maxChangePercent: 1 });
  for (const from of LIST_FORMATS) {
    for (const to of LIST_FORMATS) {
      await rig.write([sized(from)]);
      const [state] = (await rig.write([sized(to)]))!;
      assert.deepEqual([state?.addresses, state?.problem], [2, undefined], `${from} ${to}`);
    }
  }
  // It still loses what may be in no list, in the form that it has.
  await rig.write([sized("nftables")]);
  await rig.attack(addresses(9));
  rig.gates = () => ({ ...OPEN_GATES, warninglistsOf: (one) => one === two[1] ? ["a"] : [] });
  assert.match((await rig.write([sized("plain")]))![0]!.problem!, /would grow from 2 to 10/);
  assert.match(rig.text("all"), /^add table [^]*_v4 \{ 192\.0\.2\.7 \}\n$/);
  for (const text of ["SQLite format 3\0", "table inet custom_misp {\n}\n", "[]\n", "{}\n", "\n"]) {
    await Deno.writeTextFile(path, text);
    const [state] = (await rig.write([rule("all")]))!;
    const problem =
      `list all was not written: ${path} holds no list that this program wrote; set another file`;
    assert.equal(state?.problem, problem);
    assert.equal(rig.text("all"), text);
  }
  await Deno.writeTextFile(path, "");
  assert.equal((await rig.write([rule("all")]))?.[0]?.problem, undefined);
});

Deno.test("writeLists() does nothing while another process makes the lists", async () => {
  using rig = new ListRig();
  const lease = await rig.buffer.leases.take("lists", "other", MINUTE, START);
  assert.equal(await rig.write([rule("all")]), undefined);
  await rig.buffer.leases.release(lease!);
  assert.equal((await rig.write([rule("all")]))?.length, 1);
});

Deno.test("writeListsInTime() makes lists every five minutes, and at last", async () => {
  using rig = new ListRig();
  const parts = rig.parts([rule("all")]);
  const sizes: number[] = [];
  const look = async (isLast = false) => {
    await writeListsInTime(parts, isLast);
    sizes.push(rig.text("all").split("\n").length - 1);
  };
  await rig.attack(addresses(1));
  await look();
  await rig.attack(addresses(1, 1));
  await look();
  rig.now += 4 * MINUTE;
  await look();
  rig.now += MINUTE;
  await look();
  await rig.attack(addresses(1, 2));
  await look(true);
  // The clock is set back.
  await rig.attack(addresses(1, 3));
  rig.now -= DAY;
  await look();
  assert.deepEqual(sizes, [1, 1, 1, 2, 3, 4]);
});
