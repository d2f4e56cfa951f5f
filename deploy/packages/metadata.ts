/**
 * What a package says of itself: the control file of a .deb, and the spec file of an .rpm.
 *
 * @module
 */
import { PACKAGE, type PackageFile, type Scripts } from "./contents.ts";

/** A kind of machine, by the names that the two formats give it. */
export interface Machine {
  readonly name: "x86_64" | "aarch64";
  readonly deb: string;
  /** `e_machine` of an ELF header. */
  readonly elf: number;
}

/** The machines that Wazuh's manager runs on. */
export const MACHINES: readonly Machine[] = [
  { name: "x86_64", deb: "amd64", elf: 62 },
  { name: "aarch64", deb: "arm64", elf: 183 },
];

/**
 * The machine that a binary is for.
 *
 * @param start its first 20 bytes
 * @returns undefined: it is not a Linux program, or for another machine
 */
export function machineOf(start: Uint8Array): Machine | undefined {
  const isElf = start.length >= 20 && String.fromCharCode(...start.subarray(0, 4)) === "\x7fELF";
  if (!isElf) return undefined;
  return MACHINES.find(({ elf }) => elf === (start[18]! | start[19]! << 8));
}

/** A `-` means something else in a version of a package; `~` sorts before the release. */
export const packageVersion = (version: string): string => version.replace("-", "~");

const SUMMARY = "Wazuh alerts of SSH honeypots for MISP";
const DESCRIPTION = [
  "Gathers brute force attacks on SSH honeypots from Wazuh's alerts, and publishes",
  "the attackers to MISP or into a MISP feed folder. Needs a Wazuh manager, or the",
  "folders of one.",
];
const MAINTAINER = "The custom-misp_ssh_bruteforce-publish authors <noreply@invalid>";

/**
 * The control file of a .deb.
 *
 * @param size of the installed files, bytes
 */
export function controlFile(version: string, machine: Machine, size: number): string {
  return [
    `Package: ${PACKAGE}`,
    `Version: ${packageVersion(version)}`,
    `Architecture: ${machine.deb}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(size / 1024)}`,
    "Depends: libc6 (>= 2.27), libgcc-s1 | libgcc1, util-linux, coreutils, grep, sed",
    "Recommends: logrotate",
    "Section: admin",
    "Priority: optional",
    `Description: ${SUMMARY}`,
    ...DESCRIPTION.map((line) => ` ${line}`),
    "",
  ].join("\n");
}

/** What a spec file is made of. */
export interface Spec {
  readonly version: string;
  readonly machine: Machine;
  readonly files: readonly PackageFile[];
  /** Paths of links, and of the binary. */
  readonly others: readonly string[];
  readonly scripts: Scripts;
  /** The folder with all files as they are to be. */
  readonly staged: string;
  /** How the content is compressed, in rpm's words, such as `w6.xzdio`. */
  readonly payload: string;
}

/** The spec file of an .rpm, which takes its files from a folder and builds nothing. */
export function specFile(spec: Spec): string {
  const paths = spec.files.map(({ path, isConfiguration }) =>
    isConfiguration ? `%config(noreplace) ${path}` : path
  );
  // A % would begin a macro.
  const script = (text: string) => text.replaceAll("%", "%%").replace(/^#!.*\n/, "");
  return [
    // The content is finished: nothing is stripped, compressed or searched for dependencies.
    "%global debug_package %{nil}",
    "%global __os_install_post %{nil}",
    "%global _build_id_links none",
    // The same source gives the same bytes.
    "%global _buildhost localhost",
    "%global use_source_date_epoch_as_buildtime 1",
    "%global clamp_mtime_to_source_date_epoch 1",
    `%global _binary_payload ${spec.payload}`,
    `Name: ${PACKAGE}`,
    `Version: ${packageVersion(spec.version)}`,
    "Release: 1",
    `Summary: ${SUMMARY}`,
    "License: MIT",
    "AutoReqProv: no",
    "Requires: libc.so.6(GLIBC_2.27)(64bit), libgcc_s.so.1()(64bit)",
    "Requires: /usr/bin/setpriv, /usr/bin/flock, coreutils, grep, sed",
    "Requires(post): /bin/sh, /usr/bin/setpriv, /usr/bin/flock, coreutils, grep, sed",
    "Requires(preun): /bin/sh",
    "Recommends: logrotate",
    "%description",
    ...DESCRIPTION,
    "%install",
    `cp -a '${spec.staged}/.' '%{buildroot}/'`,
    "%post",
    script(spec.scripts.afterInstall),
    "%preun",
    script(spec.scripts.beforeRemoval),
    "%files",
    "%defattr(-,root,root,-)",
    `%dir /etc/${PACKAGE}`,
    `%dir /usr/lib/${PACKAGE}`,
    `%dir /usr/lib/${PACKAGE}/wazuh4`,
    `%dir /usr/share/doc/${PACKAGE}`,
    `%dir /usr/share/doc/${PACKAGE}/examples`,
    ...paths,
    ...spec.others,
    "",
  ].join("\n");
}
