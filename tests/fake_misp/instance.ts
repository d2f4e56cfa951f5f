/**
 * The calls about the instance and the caller: version, user, warninglists.
 *
 * @module
 */
import { isInNetwork } from "./addresses.ts";
import { type Answer, json } from "./answers.ts";
import { type Call, refuse } from "./call.ts";
import { fields, text } from "./input.ts";

/** `GET /sharing_groups/index` (MISP 2.5 `SharingGroupsController::index`). */
export function indexSharingGroups(call: Call): Answer {
  return json(200, {
    response: call.state.sharingGroups.map((row) => ({
      SharingGroup: { ...row, releasability: "", description: "", active: true, local: true },
      editable: false,
      deletable: false,
    })),
  });
}

/** `GET /servers/getVersion`. */
export function getVersion(call: Call): Answer {
  const { permissions } = call.user;
  return json(200, {
    version: "2.5.1",
    pymisp_recommended_version: "2.5.1",
    perm_sync: permissions.perm_sync,
    perm_sighting: permissions.perm_sighting,
    perm_galaxy_editor: permissions.perm_galaxy_editor,
    perm_analyst_data: permissions.perm_analyst_data,
    uuid: permissions.perm_site_admin ? "11111111-2222-4333-8444-555555555555" : "-",
    request_encoding: ["gzip"],
    filter_sightings: true,
  });
}

/**
 * `GET /users/view/me`: the role as the database has it. A key that only reads shows in getVersion
 * alone (MISP 2.5 `UsersController::view`, `AuthKey::setUserData`).
 */
export function viewMe(call: Call): Answer {
  const { user } = call;
  const { rolePermissions: permissions, organisation } = user;
  const level = permissions.perm_publish ? 3 : permissions.perm_modify_org ? 2 : 0;
  return json(200, {
    User: {
      id: user.id,
      password: "*****",
      org_id: organisation.id,
      email: user.email,
      autoalert: false,
      invited_by: "1",
      gpgkey: "",
      certif_public: "",
      nids_sid: "8638328",
      termsaccepted: false,
      newsread: "0",
      role_id: user.roleId,
      change_pw: false,
      contactalert: false,
      disabled: false,
      expiration: null,
      current_login: "0",
      last_login: "0",
      force_logout: false,
      date_created: call.state.timestamp(),
      date_modified: call.state.timestamp(),
      sub: null,
      external_auth_required: false,
      external_auth_key: "",
      last_api_access: call.state.timestamp(),
      notification_daily: false,
      notification_weekly: false,
      notification_monthly: false,
      totp: "*****",
      hotp_counter: null,
      last_pw_change: call.state.timestamp(),
      totp_is_set: "0",
    },
    Role: {
      id: user.roleId,
      name: user.roleName,
      created: "2026-11-23 00:26:15",
      modified: "2026-11-23 00:26:15",
      ...permissions,
      default_role: false,
      memory_limit: null,
      max_execution_time: null,
      restricted_to_site_admin: false,
      enforce_rate_limit: false,
      rate_limit_count: "0",
      permission: String(level),
      permission_description: ["readonly", "manage_own", "manage_org", "publish"][level],
    },
    UserSetting: [],
    Organisation: {
      id: organisation.id,
      name: organisation.name,
      date_created: "2026-11-23 00:31:23",
      date_modified: "2026-11-23 00:31:23",
      description: null,
      uuid: organisation.uuid,
      local: organisation.local,
    },
  });
}

/** `POST /warninglists/checkValue`: a list without hits, else an object by value. */
export function checkValue(call: Call): Answer {
  if (call.method !== "POST") {
    return json(200, {
      name: "/warninglists/checkValue API description",
      description: "POST a JSON list with value(s) to check against the warninglists to get a " +
        "JSON dictionary as a response with any hits, if there are any (with the key being the " +
        "passed value triggering a warning).",
      mandatory_fields: ["[]"],
      url: "/warninglists/checkValue",
    });
  }
  const sent = Array.isArray(call.body) ? call.body : Object.values(fields(call.body)).flat();
  const values = sent.map(text).filter((value) => value !== undefined && value !== "");
  if (values.length === 0) throw refuse(call, 404, "No valid data received.");
  const hits: Record<string, unknown> = {};
  for (const value of values) {
    if (value === undefined) continue;
    const matches = call.state.warningLists.flatMap(({ id, name, values }) => {
      const matched = values.find((entry) => entry === value || isInNetwork(value, entry));
      return matched === undefined ? [] : [{ id, name, matched }];
    });
    if (matches.length > 0) hits[value] = matches;
  }
  return json(200, Object.keys(hits).length === 0 ? [] : hits);
}
