/**
 * Names and default lists that other modules need without the keys.
 *
 * @module
 */

/** The name of the binary and of its files: that of the Python original's `<integration>` block. */
export const PROGRAM = "custom-misp_ssh_bruteforce-publish";

/** Rules of Wazuh 4.14 that report a failed SSH login, or an accepted one (docs/contracts/wazuh.md 3). */
export const DEFAULT_RULES = [
  ...["2501", "2502", "5503", "5551", "5710", "5712", "5715", "5716", "5718", "5719"],
  ...["5720", "5758", "5760", "5763", "40101", "40111", "40112", "51003", "51007"],
  ...["51093", "99903", "99904"],
] as const;

/** Rules of connections that end, of level 0 but the last (docs/contracts/wazuh.md 3). */
export const END_RULES = ["5722", "5761", "5762"] as const;

/**
 * Rules of Wazuh that a `rules.ids` without them leaves out. Those of group `authentication_failed` that
 * report a wrong configuration (docs/contracts/wazuh.md 3) are among them always.
 */
export const KNOWN_RULES: readonly string[] = [...DEFAULT_RULES, "5728", "5738", "5755"];

/**
 * Tags of every event, exactly as the taxonomies write them (docs/contracts/misp.md 4). The first is TLP's
 * word for the default of `misp.distribution`: your organisation only.
 */
export const DEFAULT_TAGS = [
  "tlp:amber+strict",
  "PAP:GREEN",
  'rsit:intrusion-attempts="brute-force"',
  'honeypot-basic:interaction-level="low"',
  'honeypot-basic:data-capture="attacks"',
  'honeypot-basic:communication-interface="network-interface"',
  'honeypot-basic:role="server"',
  'cssa:origin="honeypot"',
  'cssa:sharing-class="unvetted"',
  'admiralty-scale:source-reliability="b"',
  'admiralty-scale:information-credibility="2"',
  'misp:automation-level="unsupervised"',
  'misp:event-type="observation"',
] as const;
