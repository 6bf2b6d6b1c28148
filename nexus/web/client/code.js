/** The rule for a poll's code, the same as on the server (nexus/domain/codes.py). */

/** A code as it is kept, from what somebody typed: whatever its case and width; only letters and digits count. */
export const normalizeCode = (text) => text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
