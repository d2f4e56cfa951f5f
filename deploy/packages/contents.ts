/**
 * What a package has in it. Its files are those of the project: `install.sh` does the installation, and
 * the package's own scripts only call it.
 *
 * @module
 */
import { PROGRAM } from "../../src/config/defaults.ts";
import { SCRIPTS } from "../../src/cli/manual/completion_scripts.ts";
import { manPage } from "../../src/cli/manual/man_page.ts";

/** The name of the package and of the command that it brings. */
export const PACKAGE = "custom-misp";

/** The folder of the binary and of `install.sh` in a package. */
export const LIBRARY = `/usr/lib/${PACKAGE}`;

/** The two forms of a package. */
export type Format = "deb" | "rpm";

/** A file of a package, owned by root. */
export interface PackageFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
  /** The file goes into the package compressed, as manual pages do. */
  readonly gzip?: boolean;
  /** An administrator may change the file: an upgrade keeps the change. */
  readonly isConfiguration?: boolean;
}

/** A symbolic link of a package. */
export interface PackageLink {
  readonly path: string;
  readonly target: string;
}

/** What the files are made from. */
export interface Source {
  readonly version: string;
  /** ISO 8601, for the manual page. */
  readonly date: string;
  /** Reads a file of the project. */
  readonly read: (path: string) => string;
}

const UNITS = ["serve.service", "follow.service", "flush.service", "flush.timer"]
  .map((name) => `custom-misp-${name}`);

const EXAMPLES = [
  "grafana/dashboard.json",
  "prometheus/alerts.yml",
  "proxy/nginx.conf",
  "proxy/upstream.conf",
  "wazuh5/monitor.json",
];

/** The text files of a package; the binary is not among them. */
export function packageFiles(format: Format, source: Source): readonly PackageFile[] {
  const own = (path: string, from: string, mode = 0o644): PackageFile => ({
    ...{ path, mode, text: source.read(`deploy/${from}`) },
  });
  const documents = `/usr/share/doc/${PACKAGE}`;
  return [
    own(`/usr/bin/${PACKAGE}`, `packages/${PACKAGE}`, 0o755),
    own(`/usr/sbin/${PACKAGE}-hosts`, `packages/${PACKAGE}-hosts`, 0o755),
    ...["install.sh", "example.json", "wazuh4/ossec.conf"]
      .map((name) => own(`${LIBRARY}/${name}`, name)),
    ...["allow_hosts.sh", "host_slot"].map((name) => own(`${LIBRARY}/${name}`, `packages/${name}`)),
    ...UNITS.map((name) => own(`/usr/lib/systemd/system/${name}`, `systemd/${name}`)),
    { ...own("/etc/logrotate.d/custom-misp", "packages/logrotate"), isConfiguration: true },
    { ...own(`/etc/${PACKAGE}/hosts`, "packages/hosts"), isConfiguration: true },
    ...completions(format),
    {
      ...{ path: `/usr/share/man/man1/${PROGRAM}.1.gz`, mode: 0o644, gzip: true },
      text: `${manPage(source.version, source.date, "/var/ossec")}\n`,
    },
    { path: `${documents}/copyright`, mode: 0o644, text: source.read("LICENSE") },
    {
      ...{ path: `${documents}/changelog.gz`, mode: 0o644, gzip: true },
      text: source.read("CHANGELOG.md"),
    },
    ...EXAMPLES.map((name) => own(`${documents}/examples/${name.replace(/^.*\//, "")}`, name)),
  ];
}

/** The links of a package. */
export const PACKAGE_LINKS: readonly PackageLink[] = [
  { path: `/usr/share/man/man1/${PACKAGE}.1.gz`, target: `${PROGRAM}.1.gz` },
  // install.sh looks for units beside itself.
  { path: `${LIBRARY}/systemd`, target: "../systemd/system" },
  { path: `/usr/share/bash-completion/completions/${PROGRAM}`, target: PACKAGE },
];

/** The scripts complete the program's own name; these lines add the name of the command. */
function completions(format: Format): readonly PackageFile[] {
  const name = `_${PROGRAM.replaceAll(/\W/g, "_")}`;
  const zsh = format === "deb" ? "vendor-completions" : "site-functions";
  const texts = {
    [`bash-completion/completions/${PACKAGE}`]: `${
      SCRIPTS.bash!()
    }\ncomplete -F ${name} ${PACKAGE}\n`,
    [`zsh/${zsh}/${name}`]: `${SCRIPTS.zsh!().replace(`#compdef ${PROGRAM}`, `$& ${PACKAGE}`)}\n`,
    [`fish/vendor_completions.d/${PROGRAM}.fish`]: `${SCRIPTS.fish!()}\n`,
    [`fish/vendor_completions.d/${PACKAGE}.fish`]: `complete -c ${PACKAGE} -w ${PROGRAM}\n`,
  };
  return Object.entries(texts).map(([path, text]) => ({
    ...{ path: `/usr/share/${path}`, mode: 0o644, text },
  }));
}

/** What a package runs when it comes and goes, as shell scripts. */
export interface Scripts {
  readonly afterInstall: string;
  readonly beforeRemoval: string;
  /** For .deb alone: .rpm knows no purge. */
  readonly purge: string;
}

/** Makes the scripts of a package. */
export function packageScripts({ read }: Source): Scripts {
  const script = (...names: readonly string[]) =>
    ["#!/bin/sh\nset -e\n", ...names.map((name) => read(`deploy/${name}`))].join("");
  return {
    afterInstall: script("packages/has_wazuh.sh", "packages/after_install.sh"),
    beforeRemoval: script("packages/has_wazuh.sh", "packages/before_removal.sh"),
    purge: script("packages/has_wazuh.sh", "packages/purge.sh", "install.sh"),
  };
}
