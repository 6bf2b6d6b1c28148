/** How others get to a poll: its address, its code, and both in one picture. */

import { element, root } from "./dom.js";
import { block, say } from "./words.js";

const WIDE = /[MW]/;
const EMS = 0.85; // of a letter of a code, with the space beside it
const WIDE_EMS = 1.15;
const ONE_LINE = 22; // longer addresses are better set larger, in two

const { at, invite } = block("place");
const known = at === root || at === invite; // else a proxy did not tell the server the address of this page
const local = /^((.+\.)?localhost|127\..+|\[::1\])$/.test(location.hostname);

/** The root of the service as others reach it, with a slash at its end; null if only this machine can. */
export const invitation = known && invite !== undefined ? invite : local ? null : root;

/** The same; where only this machine can, that of this page. */
export const others = invitation ?? root;

/** The root of the service for a stage: on the presenter's own machine that of this page, where the login is. */
export const staging = local ? root : others;

/** The QR code that leads to voting on the poll with this code; `alt` names it. */
export function picture(code, alt = say("live.qr", { address: `${invitation}vote/${code}` })) {
  const image = element("img", { id: "qr", alt, width: 400, height: 400 });
  const source = `${root}vote/${code}/qr.svg`;
  if (known) image.src = source;
  else draw(image, source);
  return image;
}

/** Ask for the picture at `source`: where the server does not know this page's own address, it takes it from this page alone,
 * hence the POST. Rejects with TypeError. */
export function askFor(source) {
  return known ? fetch(source) : fetch(`${source}?at=${encodeURIComponent(root)}`, { method: "POST" });
}

async function draw(image, source) {
  const answer = await askFor(source);
  if (answer.ok) image.src = `data:image/svg+xml,${encodeURIComponent(await answer.text())}`;
  else image.remove(); // none is better than a wrong one
}

/** A card that says how to join the poll with this code, or what it `leads` to; a `plain` one has no picture. On a page that
 * no other device can reach it has only the code. */
export function joinCard(code, { plain = false, leads = say("live.join_at") } = {}) {
  const shown = element("p", { id: "code", class: "code", dir: "ltr" }, code);
  measure(shown, code);
  if (!invitation) return element("div", { class: "join-card" }, shown);
  const text = invitation.replace(/^\w+:\/\/|\/$/g, "");
  const pieces = text.split(/(?=[.:/])/); // where a long one may be broken
  const address = element("strong", { dir: "ltr" }, pieces.flatMap((piece) => [element("wbr"), piece]));
  const lines = text.length > ONE_LINE ? Math.max(text.length / 2, ...pieces.map(({ length }) => length)) : text.length;
  address.style.setProperty("--length", Math.ceil(lines));
  const where = element("p", { class: "join" }, element("span", {}, leads), " ", address);
  return element("div", { class: "join-card" }, !plain && picture(code), where, shown);
}

/** Tell the sheets how long a `code` is, so that it fits into the line of `shown`. */
export function measure(shown, code) {
  const ems = [...code].map((letter) => (WIDE.test(letter) ? WIDE_EMS : EMS));
  shown.style.setProperty("--ems", ems.reduce((sum, width) => sum + width, 0));
}
