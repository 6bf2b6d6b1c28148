/** Questions to answer before anything is done. */

import { element } from "../dom.js";
import { say } from "../words.js";

let asked = 0;

/** Ask: `title`, `text` that names the consequences, and `act`, the label of the button that confirms. Resolves to
 * whether it was confirmed; Escape means no. The focus goes back to where it was. */
export function ask({ title, text, act, danger = true }) {
  const id = `asked-${(asked += 1)}`;
  const cancel = element("button", { type: "button" }, say("shared.cancel"));
  const go = element("button", { type: "button", class: danger ? "danger" : "main" }, act);
  const paragraphs = [text].flat().map((one) => element("p", {}, one));
  const said = element("div", { class: "stack", id: `${id}-text` }, paragraphs);
  const buttons = element("div", { class: "buttons end" }, cancel, go);
  const named = { "aria-labelledby": id, "aria-describedby": `${id}-text` };
  const dialog = element("dialog", named, element("h2", { id, dir: "auto" }, title), said, buttons);
  return new Promise((resolve) => {
    let yes = false;
    cancel.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => {
      yes = true;
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(yes);
    });
    document.body.append(dialog);
    dialog.showModal();
    cancel.focus(); // so that Enter alone does nothing that can't be undone
  });
}
