/** Who sees the results, and when: a choice of four, each explained. */

import { element } from "../dom.js";
import { say } from "../words.js";

/** The policies, as the server names them. */
export const POLICIES = ["live", "after_vote", "after_close", "host"];

/** A group of radio buttons, with `value` read and set. */
export class PolicyChoice {
  #radios = new Map();

  constructor(id, changed = () => {}) {
    const rows = POLICIES.map((policy) => this.#row(id, policy));
    const legend = element("legend", {}, say("host.results_policy"));
    /** The group. */
    this.node = element("fieldset", { class: "choices", on: { change: changed } }, legend, rows);
  }

  /** The policy that is chosen. */
  get value() {
    return POLICIES.find((policy) => this.#radios.get(policy).checked) ?? POLICIES[0];
  }

  set value(policy) {
    this.#radios.get(policy).checked = true;
  }

  /** Focus the chosen policy. */
  focus() {
    this.#radios.get(this.value).focus();
  }

  #row(id, policy) {
    const own = `${id}-${policy}`;
    const about = { "aria-describedby": `${own}-hint` };
    const radio = element("input", { type: "radio", name: id, id: own, value: policy, ...about });
    this.#radios.set(policy, radio);
    const label = element("label", { for: own }, say(`host.policy_${policy}`));
    const hint = element("p", { class: "hint", id: `${own}-hint` }, say(`host.policy_${policy}_hint`));
    return element("div", { class: "choice" }, radio, element("div", {}, label, hint));
  }
}
