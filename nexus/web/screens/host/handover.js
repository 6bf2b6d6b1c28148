/** Handing an event over to another account. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { given, nameField, refuse } from "./named.js";
import { button, once } from "./parts.js";

/** Ask for the account that is to own the event which `hosted` follows, and give it that. What is wrong with the name
 * is said at its field. */
export function handOver(server, hosted) {
  const { input, node } = nameField("new-owner", say("event.hand_to"));
  const submit = element("button", { class: "danger" }, say("event.hand_act"));
  const cancel = button(say("shared.cancel"), () => dialog.close());
  const form = element("form", { class: "stack", novalidate: true }, node);
  form.append(element("div", { class: "buttons end asked" }, cancel, submit));
  const title = element("h2", { id: "hand-over" }, say("event.hand_title"));
  const text = element("p", { id: "hand-text" }, say("event.hand_text"));
  const dialog = element("dialog", { "aria-labelledby": "hand-over", "aria-describedby": "hand-text" }, title, text, form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(submit, async () => {
      const username = given(input);
      if (!username) return;
      try {
        hosted.take(await server.call("POST", `/events/${hosted.event.id}/owner/`, { username }));
        dialog.close();
      } catch (error) {
        refuse(input, error, server.me);
      }
    });
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
}
