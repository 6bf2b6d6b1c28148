/** The look of the operator, or of the poll's host: their colours on the page, their name and logo where it has room. */

import { element, root } from "./dom.js";
import { block, brandName } from "./words.js";

const PROPERTIES = ["accent", "on_accent", "accent_ground", "bar"];
const dark = matchMedia("(prefers-color-scheme: dark)");

/** What the server says of it: `{name, accent, stage, logo, light, dark}`; null where nothing is set. */
export const look = block("brand");

/** Put the colours of `worn` on `node`, for its `theme`: light or dark. */
export function wear(node, worn, theme) {
  for (const name of PROPERTIES) {
    const property = `--${name.replace("_", "-")}`;
    if (worn?.[theme]) node.style.setProperty(property, worn[theme][name]);
    else node.style.removeProperty(property);
  }
}

/** Put the look on the page; on a `stage` its choice of light or dark too. */
export function dress(stage = false) {
  const page = document.documentElement;
  if (!look) return;
  if (stage && look.stage !== "auto") page.dataset.theme = look.stage;
  const put = () => wear(page, look, page.dataset.theme ?? (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", put);
  put();
}

/** The logo, or the name where there is none. */
export function brandMark(worn = look, name = brandName) {
  if (!worn?.logo) return element("bdi", {}, worn?.name || name);
  const { url, width, height } = worn.logo;
  return element("img", { class: "logo", src: new URL(url, root), width, height, alt: worn.name || name });
}
