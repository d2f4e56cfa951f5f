import fs from "node:fs";
let t = fs.readFileSync("src/cowrie/decoy_table.ts","utf8");
t = t.replace(`when: { "data.node_id": ["*"], "data.logtype": ["4000", "4001", "4002"] }`, `when: { "data.src_host": ["*"], "data.logtype": ["4000", "4001", "4002"] }`)
 .replace(`when: { "data.node_id": ["*"], "data.logtype": ["6001", "6002"] }`, `when: { "data.src_host": ["*"], "data.logtype": ["6001", "6002"] }`)
 .replace(`    when: {
      "data.event.accepted": ["*"],
      "data.event_type": ["no_auth", "password_auth", "public_key_auth"],
      "data.source": ["*"],
    },`, `    when: {
      "data.event_type": ["password_auth", "public_key_auth"],
      "data.source": ["*"],
    },`).replace(`    when: {
      "data.event.accepted": ["*"],
      "data.event_type": ["keyboard_interactive_auth"],
      "data.source": ["*"],
    },`, `    when: { "data.event_type": ["keyboard_interactive_auth"], "data.source": ["*"] },`);
fs.writeFileSync("src/cowrie/decoy_table.ts", t);
let u = fs.readFileSync("tests/cowrie/decoy_test.ts","utf8");
u = u.replace(`    read(sshesame("no_auth", { user: "root", accepted: "false" })),
    "not_an_attempt",`, `    read(sshesame("no_auth", { user: "root", accepted: "false" })),
    "other_rule",`);
fs.writeFileSync("tests/cowrie/decoy_test.ts", u);
