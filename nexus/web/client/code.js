/** The rule for a poll's code; the server has the same (nexus/domain/codes.py). */

/** A code as it is kept, from what somebody typed: in any case and width, with spaces, dashes or other marks. */
export const normalizeCode = (text) => text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
