/**
 * The part of CHANGELOG.md about a version, for its release:
 * `deno run --allow-read=. deploy/release_notes.ts v1.2.3`.
 *
 * @module
 */

/**
 * The changelog's part about a version, without its heading.
 *
 * @throws {RangeError} it has no such part
 */
export function releaseNotes(changelog: string, version: string): string {
  const parts = changelog.split(/^(?=## \[)/m);
  const part = parts.find((one) => one.startsWith(`## [${version}]`));
  const text = part?.slice(part.indexOf("\n")).trim() ?? "";
  if (text === "") throw new RangeError(`CHANGELOG.md has no section of ${version}; write one`);
  // Definitions of links follow the last version.
  return `${text.replaceAll(/^\[[^\]]+\]: .*$/gm, "").trim()}\n`;
}

/** What a release's binaries are for: each is compiled for the hosts that it may connect to. */
export const ABOUT_BINARIES = `
These binaries are compiled for a Wazuh in \`/var/ossec\` and for a MISP feed folder: they can connect to no
host. For a MISP instance compile your own, as README, "Install into Wazuh 4.x", says. \`SHA256SUMS\` has the
checksums, \`sbom.cdx.json\` what is inside; \`gh attestation verify FILE --repo OWNER/REPOSITORY\` shows
where a file was built.
`;

if (import.meta.main) {
  const version = (Deno.args[0] ?? "").replace(/^v/, "");
  const read = (name: string) => Deno.readTextFileSync(new URL(`../${name}`, import.meta.url));
  const own = (JSON.parse(read("deno.json")) as { readonly version: string }).version;
  try {
    if (version !== own) {
      throw new RangeError(
        `the tag has version ${version}, and deno.json has ${own}; make them equal`,
      );
    }
    console.log(releaseNotes(read("CHANGELOG.md"), version) + ABOUT_BINARIES);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
