/** The values of the design tokens in one scheme, with the colours of a brand, for what is drawn without sheets. */

import { wear } from "../brand.js";
import { element } from "../dom.js";

const OPTIONS = 8;

/** `{paper, card, groove, ink, faint, accent, options}` as colours; `scheme` is light or dark. */
export function tokens(look, scheme) {
  const worn = element("div", { "data-theme": scheme, hidden: true });
  wear(worn, look, scheme);
  document.body.append(worn);
  const style = getComputedStyle(worn);
  const value = (name) => style.getPropertyValue(`--${name}`).trim();
  const plain = ["paper", "card", "groove", "ink", "faint", "accent"].map((name) => [name, value(name)]);
  const options = Array.from({ length: OPTIONS }, (_, n) => value(`option-${n + 1}`));
  worn.remove();
  return { ...Object.fromEntries(plain), options };
}
