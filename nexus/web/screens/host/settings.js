/** The settings of a poll in its form: folded away, in the order in which people need them. */

import { element } from "../dom.js";
import { blame } from "../login.js";
import { moment, say } from "../words.js";
import { Fold, together } from "./folds.js";
import { button } from "./parts.js";
import { audienceRules, votingRules } from "./rules.js";
import { toLocal } from "./values.js";

const MINUTE = 60_000;
const QUICK = [5, 10, 30];

/** The settings held in `fields`; `now()` is the server's time, in ms. In an event it is the event that says who may come
 * in, and its hosts open and close voting. */
export class Settings {
  #fields;
  #now;
  #folds;
  #inEvent;

  constructor(fields, { categories, inEvent, now }) {
    this.#fields = fields;
    this.#now = now;
    this.#inEvent = inEvent;
    const numbers = element("div", { class: "pair" }, fields.node("max_choices"), fields.node("votes_per_user"));
    const flags = inEvent ? ["anonymous"] : ["allow_guests", "anonymous", "is_public"];
    const audience = flags.map((name) => fields.flag(name));
    const looks = element("div", { class: "pair" }, fields.node("chart"), fields.node("option_order"));
    const more = element("div", { class: "pair" }, fields.node("language"), fields.node("category"));
    more.lastChild.hidden = !categories.length;
    this.#folds = [
      new Fold(say("host.group_voting"), [numbers, fields.flag("allow_change")], () => together(...votingRules(this.#values))),
      new Fold(say("host.results"), fields.policy.node, () => say(`host.policy_${this.#values.results}`)),
      new Fold(say("hosting.audience"), audience, () => this.#audience()),
      !inEvent && new Fold(say("host.group_times"), this.#times(), () => this.#schedule()),
      new Fold(say("hosting.look"), [looks, more], () => this.#look()),
    ].filter(Boolean);
    /** The settings. */
    this.node = element("div", { class: "card settings" }, this.#folds.map(({ node }) => node));
  }

  /** Say again what is set. */
  paint() {
    for (const fold of this.#folds) fold.paint();
  }

  get #values() {
    return this.#fields.values;
  }

  #audience() {
    const [guests, anonymous, listed] = audienceRules(this.#values);
    return this.#inEvent ? anonymous : together(guests, anonymous, listed);
  }

  #schedule() {
    const { opens_at: opens, expires_at: ends } = this.#values;
    const said = (name, time) => time && `${say(`host.${name}`)} ${moment(Date.parse(time), this.#now())}`;
    return together(said("opens_at", opens), said("expires_at", ends)) || say("hosting.by_hand");
  }

  #look() {
    const chosen = ["chart", "option_order", "language"].map((name) => this.#fields.inputs[name]);
    return together(...chosen.map(({ value, selectedOptions: [one] }) => value && one.textContent));
  }

  #times() {
    const fields = ["opens_at", "expires_at"].map((name) => this.#fields.node(name));
    return [element("div", { class: "pair" }, fields), this.#quick()];
  }

  #quick() {
    const { opens_at: opens, expires_at: expires } = this.#fields.inputs;
    const put = (value) => {
      expires.value = value;
      blame(expires, "");
      expires.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const end = (minutes) => {
      const from = opens.value ? Date.parse(opens.value) : this.#now();
      put(toLocal(Math.ceil((from + minutes * MINUTE) / MINUTE) * MINUTE));
    };
    const made = QUICK.map((n) => button(say("host.quick", { n }), () => end(n)));
    return element("div", { class: "buttons small" }, made, button(say("host.quick_none"), () => put("")));
  }
}
