/** The categories of polls, for administrators: made, renamed and deleted. */

import { element, fill } from "../dom.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { blameAll, told } from "./faults.js";
import { announce, button, heading, once, statusLine } from "./parts.js";

const MOST = 100;

/** The view of all categories, by name. */
export class CategoriesView {
  #server;
  #line = statusLine();
  #list = element("ul", { class: "card rows" });
  #input = element("input", { name: "name", autocomplete: "off", dir: "auto" });
  #renaming = null; // the category that is being renamed

  constructor(server) {
    this.#server = server;
    this.title = say("hosting.categories");
    this.heading = heading(this.title);
    const hint = element("p", { class: "hint" }, say("users.category_hint"));
    this.node = element("div", { class: "stack narrow" }, this.heading, hint, this.#form(), this.#line, this.#list);
  }

  /** Read them. */
  async open() {
    await this.#read();
  }

  #form() {
    const add = element("button", { class: "main" }, say("users.category_add"));
    const form = element("form", { class: "card", novalidate: true }, field(say("users.category_new"), this.#input));
    form.append(element("div", { class: "buttons" }, add));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(add, () => this.#add());
    });
    return form;
  }

  async #read() {
    const { results } = await this.#server.call("GET", `/categories/?page_size=${MOST}`);
    fill(this.#list, results.map((one) => (one.id === this.#renaming ? this.#renamed(one) : this.#row(one))));
    this.#list.hidden = !results.length;
  }

  #row(category) {
    const { id, name } = category;
    const named = (act, work, kind) => {
      const made = button(act, () => once(made, work), kind);
      made.setAttribute("aria-label", say("users.act_on", { act, name }));
      return made;
    };
    const rename = named(say("users.category_rename"), () => this.#rename(id));
    const remove = named(say("host.delete"), () => this.#remove(category), "danger");
    return element("li", { id: `category-${id}` }, element("h2", { dir: "auto" }, name), rename, remove);
  }

  #renamed({ id, name }) {
    const input = element("input", { name: "renamed", autocomplete: "off", dir: "auto", value: name });
    const save = element("button", { class: "main" }, say("host.save"));
    const cancel = button(say("shared.cancel"), () => this.#rename(null, id));
    const labelled = field(say("users.category_name"), input);
    const form = element("form", { novalidate: true }, labelled, element("div", { class: "buttons" }, save, cancel));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(save, () => this.#save(id, input));
    });
    return element("li", { id: `category-${id}` }, form);
  }

  /** Show the form that renames the category `id`, or none; the focus goes there, or to the row `back`. */
  async #rename(id, back = id) {
    this.#renaming = id;
    announce(this.#line, "");
    try {
      await this.#read();
    } catch (error) {
      announce(this.#line, told(error), true);
    }
    const row = this.#list.querySelector(`#category-${back}`);
    (row?.querySelector("input, button") ?? this.heading).focus();
  }

  async #add() {
    const name = this.#input.value;
    if (!(await this.#try(this.#input, "name", () => this.#server.call("POST", "/categories/", { name })))) return;
    this.#input.value = "";
    await this.#read();
    announce(this.#line, say("users.category_added", { name: name.trim() }));
    this.#input.focus();
  }

  async #save(id, input) {
    const write = () => this.#server.call("PATCH", `/categories/${id}/`, { name: input.value });
    if (await this.#try(input, "name", write)) await this.#rename(null, id);
  }

  async #remove({ id, name }) {
    const asked = { title: say("users.delete_title", { name }), text: say("users.no_way_back"), act: say("host.delete_act") };
    if (!(await ask(asked))) return;
    announce(this.#line, "");
    try {
      await this.#server.call("DELETE", `/categories/${id}/`);
      await this.#read();
      announce(this.#line, say("users.delete_done", { name }));
      this.heading.focus();
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }

  /** Do `work`; what is wrong with `input` is said there. Resolves to whether it went well. */
  async #try(input, name, work) {
    announce(this.#line, "");
    blame(input, "");
    try {
      await work();
      return true;
    } catch (error) {
      if (error.code !== "category_taken") announce(this.#line, blameAll({ [name]: input }, error), true);
      else {
        blame(input, told(error));
        input.focus();
      }
      return false;
    }
  }
}
