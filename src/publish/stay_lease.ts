/** Name of the lease of the one publisher that stays behind integration calls. */
export const STAY_LEASE = "stay";
