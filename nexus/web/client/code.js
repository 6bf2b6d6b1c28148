/** The rule for a poll's code, the same as on the server (nexus/domain/codes.py). */

/** A code as it is kept, from what somebody typed: any case and width is read, and only letters and digits count. */
export const normalizeCode = (text) => text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
