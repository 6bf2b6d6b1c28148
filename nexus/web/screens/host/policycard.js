/** Setting who can see the results of a poll, while it runs. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { announce, button, once, statusLine } from "./parts.js";
import { PolicyChoice } from "./policy.js";

/** A card with the choice. A button applies it: the arrow keys pass over choices that would show hidden results. */
export class PolicyCard {
  #server;
  #path;
  #choice = new PolicyChoice("policy", () => this.#changed());
  #apply = element("button", { class: "main", hidden: true }, say("host.policy_apply"));
  #line = statusLine();
  #set = null;

  constructor(server, id) {
    this.#server = server;
    this.#path = `/polls/${id}/`;
    const form = element("form", { class: "stack" }, this.#choice.node, this.#apply, this.#line);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(this.#apply, () => this.#save());
    });
    /** The card. */
    this.node = element("section", { class: "card", "aria-label": say("host.results_policy") }, form);
  }

  /** Show the policy in force; a choice that is not applied yet stays. */
  show(policy) {
    if (policy === this.#set) return;
    const untouched = this.#set === null || this.#choice.value === this.#set;
    this.#set = policy;
    if (untouched) this.#choice.value = policy;
    this.#changed();
  }

  /** Lead to the choice. */
  focus() {
    this.node.scrollIntoView({ block: "nearest" });
    this.#choice.focus();
  }

  #changed() {
    const same = this.#choice.value === this.#set;
    if (same && document.activeElement === this.#apply) this.#choice.focus();
    this.#apply.hidden = same;
    if (!same) announce(this.#line, "");
  }

  #undo(before) {
    const made = button(say("hosting.undo"), () => once(made, () => this.#back(before)), "plain");
    return made;
  }

  async #back(policy) {
    try {
      await this.#put(policy);
      this.#choice.value = policy;
      this.#changed();
      announce(this.#line, say("hosting.undone"));
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }

  async #put(policy) {
    const { results } = await this.#server.call("PATCH", this.#path, { results: policy });
    this.show(results);
  }

  async #save() {
    try {
      const before = this.#set;
      await this.#put(this.#choice.value);
      announce(this.#line, say("host.policy_applied"));
      this.#line.append(" ", this.#undo(before));
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }
}
