/**
 * Reads the text of a CDB list as Wazuh describes it ("Using CDB lists"): `key:value` on each line, and a
 * key with colons in quotes.
 *
 * @throws {Error} a line that is not one, or a key that comes twice
 */
export function readCdb(text: string): readonly (readonly [key: string, value: string])[] {
  const rows = text.split("\n").slice(0, -1).map((line) => {
    const found = /^(?:"([^"]+)"|([^":]+)):([^:]*)$/.exec(line);
    if (found === null) throw new Error(`not a line of a CDB list: ${line}`);
    return [found[1] ?? found[2]!, found[3]!] as const;
  });
  if (new Set(rows.map(([key]) => key)).size < rows.length) throw new Error("a key comes twice");
  return rows;
}
