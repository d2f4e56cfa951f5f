/**
 * Writes `src/misp/galaxy/attack_names.ts` from the cluster file of a misp-galaxy release. Run it from the
 * project's folder:
 *
 * `deno run --allow-read=FILE --allow-write=src/misp/galaxy deploy/attack_names.ts FILE`
 *
 * FILE is `clusters/mitre-attack-pattern.json` of https://github.com/MISP/misp-galaxy.
 *
 * @module
 */

/** What is read of a cluster file. */
export interface ClusterFile {
  readonly version: number;
  /** `value` is the name, a dash and the id: `Brute Force - T1110`. */
  readonly values: readonly { readonly value: string }[];
}

/**
 * Techniques that rules about logins, about what follows them, and about honeypots can name; with each
 * one come its sub-techniques.
 */
const WANTED: readonly string[] = [
  ...["T1003", "T1018", "T1021", "T1027", "T1033", "T1040", "T1041", "T1046", "T1048", "T1053"],
  ...["T1057", "T1059", "T1068", "T1070", "T1071", "T1078", "T1082", "T1083", "T1087", "T1090"],
  ...["T1095", "T1098", "T1105", "T1110", "T1133", "T1136", "T1140", "T1190", "T1203", "T1210"],
  ...["T1222", "T1485", "T1486", "T1489", "T1496", "T1498", "T1499", "T1505", "T1543", "T1546"],
  ...["T1548", "T1550", "T1552", "T1556", "T1562", "T1563", "T1570", "T1571", "T1572", "T1573"],
  ...["T1583", "T1584", "T1587", "T1588", "T1589", "T1590", "T1592", "T1595"],
];

/** The module of a cluster file. */
export function attackNames({ version, values }: ClusterFile): string {
  const wanted = values.flatMap(({ value }) => {
    const found = /^(.{1,100}) - (T\d{4}(?:\.\d{3})?)$/.exec(value);
    return found !== null && WANTED.includes(found[2]!.slice(0, 5)) ? [[found[2]!, found[1]!]] : [];
  });
  const rows = wanted.sort(([one], [other]) => one! < other! ? -1 : 1)
    .map((row) => `  [${row.map((text) => JSON.stringify(text)).join(", ")}],`);
  return `/**
 * Names of ATT&CK techniques in MISP's galaxy \`mitre-attack-pattern\`, version ${version}.
 * \`deploy/attack_names.ts\` writes this file, and its head has the command.
 *
 * @module
 */

/** Names of clusters by the id of the technique, without that id. */
export const ATTACK_NAMES: ReadonlyMap<string, string> = new Map([
${rows.join("\n")}
]);
`;
}

if (import.meta.main) {
  const cluster = JSON.parse(Deno.readTextFileSync(Deno.args[0] ?? "")) as ClusterFile;
  Deno.writeTextFileSync("src/misp/galaxy/attack_names.ts", attackNames(cluster));
}
