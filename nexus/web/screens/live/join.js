/** How to join: the address, the code, and both in one picture. */

import { element } from "../dom.js";
import { invitation, picture } from "../invite.js";
import { say } from "../words.js";

const WIDE = /[MW]/;
const EMS = 0.85; // of a letter of a code, with the space beside it
const WIDE_EMS = 1.15;
const ONE_LINE = 22; // longer addresses are better set larger, in two

/** A card that says how to join the poll with this code; a `plain` one has no picture. On a page that no other device can
 * reach it has only the code. */
export function joinCard(code, { plain = false } = {}) {
  const kind = "join-card";
  const shown = element("p", { id: "code", class: "code", dir: "ltr" }, code);
  measure(shown, code);
  if (!invitation) {
    return element("div", { class: kind }, shown, !plain && element("p", { class: "local" }, say("live.local_hint")));
  }
  const text = invitation.replace(/^\w+:\/\/|\/$/g, "");
  const pieces = text.split(/(?=[.:/])/); // where a long one may be broken
  const address = element("strong", { dir: "ltr" }, pieces.flatMap((piece) => [element("wbr"), piece]));
  const lines = text.length > ONE_LINE ? Math.max(text.length / 2, ...pieces.map(({ length }) => length)) : text.length;
  address.style.setProperty("--length", Math.ceil(lines));
  const where = element("p", { class: "join" }, element("span", {}, say("live.join_at")), " ", address);
  return element("div", { class: kind }, !plain && picture(code), where, shown);
}

/** Tell the sheets how long a `code` is, so that it fits into the line of `shown`. */
export function measure(shown, code) {
  const ems = [...code].map((letter) => (WIDE.test(letter) ? WIDE_EMS : EMS));
  shown.style.setProperty("--ems", ems.reduce((sum, width) => sum + width, 0));
}
