/** The rule for a poll's code, the same as on the server (nexus/domain/codes.py). */

const IGNORED = /[\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Pd}\u2212]/gu; // separators, what is invisible, dashes and the minus sign

/** A code as it is kept, from what somebody typed: any case and width is read, spaces, dashes and what is
 * invisible are dropped. */
export const normalizeCode = (text) => text.normalize("NFKC").toUpperCase().replace(IGNORED, "");
