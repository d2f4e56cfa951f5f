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

/** What a release's files are for: their binaries get the hosts that they may connect to from root. */
export const ABOUT_FILES = `
The packages are for a Wazuh in \`/var/ossec\`: \`apt install ./custom-misp_VERSION_amd64.deb\` or
\`dnf install ./custom-misp-VERSION-1.x86_64.rpm\`, then \`custom-misp-hosts misp.example.org\` with your MISP.
Until then the program can connect to no host. docs/operations.md, "Packages", says more. \`SHA256SUMS\` has
the checksums, \`sbom.cdx.json\` what is inside; \`gh attestation verify FILE --repo OWNER/REPOSITORY\` shows
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
    console.log(releaseNotes(read("CHANGELOG.md"), version) + ABOUT_FILES);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
