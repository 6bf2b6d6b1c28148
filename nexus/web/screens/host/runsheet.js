/** The run sheet of an event: its questions in order, to be added, copied, moved, shown and deleted. */

import { element } from "../dom.js";
import { later } from "../persist.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { leave } from "./notice.js";
import { announce, button, once, statusLine } from "./parts.js";
import { SheetOrder } from "./sheetorder.js";
import { SheetRow } from "./sheetrow.js";

const SETTLED_MS = 400; // after the last step of a move, it is saved

/** A card with the run sheet of the event that `hosted` follows. */
export class RunSheet {
  #server;
  #hosted;
  #rows = new Map();
  #order;
  #timer = null;
  #failed = false; // to save the newest order
  #title = element("h2", { id: "sheet", tabindex: "-1" }, say("event.sheet"));
  #hint = element("p", { class: "hint keys" }, say("event.sheet_hint"));
  #empty = element("p", { class: "nothing" }, say("event.sheet_empty"));
  #list = element("ol", { class: "sheet" });
  #line = statusLine();
  #add = element("a", { class: "button soft" }, say("event.add"));
  #paste = element("a", { class: "button" }, say("runsheet.text_add"));
  #copy = button(say("event.copy_poll"), () => once(this.#copy, () => this.#pick()));
  #told = { moved: (row, step, dragged) => this.#move(row, step, dragged), act: (name, row) => this.#act(name, row) };

  constructor(server, hosted) {
    this.#server = server;
    this.#hosted = hosted;
    const put = async (polls) => hosted.take(await server.call("PUT", `${this.#path}order/`, { polls }));
    this.#order = new SheetOrder(put, () => hosted.read());
    const head = element("div", { class: "head" }, this.#title, this.#hint);
    /** The ways to more questions. */
    this.ways = element("div", { class: "buttons" }, this.#add, this.#paste, this.#copy);
    /** The card. */
    this.node = element("section", { class: "card run", "aria-labelledby": "sheet" }, head, this.#empty, this.#list, this.ways);
    this.node.append(this.#line);
  }

  /** Whether an order could not be saved. One that is about to be is saved by `close`. */
  get dirty() {
    return this.#failed && this.#order.open;
  }

  /** Save what is not saved yet; the next page says if that fails. */
  close() {
    clearTimeout(this.#timer);
    if (this.#failed || !this.#order.open) return;
    this.#order.save().catch((error) => leave(`${told(error)} ${say("event.order_unsaved")}`));
  }

  /** Show the questions of `event`, and how many `voters` each has. An order that is not saved yet stays. */
  show(event, voters) {
    const polls = new Map(event.polls.map((poll) => [poll.id, poll]));
    this.#add.href = `#/event/${event.id}/new`;
    this.#paste.href = `#/event/${event.id}/text`;
    for (const [id, row] of this.#rows) if (!polls.has(id)) this.#drop(id, row);
    for (const [id, poll] of polls) {
      if (!this.#rows.has(id)) this.#rows.set(id, new SheetRow(poll, event.id, this.#told));
      this.#rows.get(id).show(poll, voters.get(id), id === event.shown);
    }
    this.#place(this.#order.over([...polls.keys()]));
    this.#empty.hidden = polls.size > 0;
    this.#hint.hidden = polls.size < 2;
  }

  get #path() {
    return `/events/${this.#hosted.event.id}/`;
  }

  /** What somebody else has deleted takes the focus along: it goes to the title. */
  #drop(id, row) {
    if (row.node.contains(document.activeElement)) this.#title.focus();
    row.node.remove();
    this.#rows.delete(id);
  }

  #place(ids) {
    if ([...this.#rows.values()].some(({ dragged }) => dragged)) return;
    ids.forEach((id, n) => {
      const { node } = this.#rows.get(id);
      const there = this.#list.children[n] ?? null;
      if (there !== node) this.#put(node, there);
    });
    this.#number();
  }

  /** Put a row before another. What has the focus keeps it: such a row stays, and those around it go. */
  #put(node, there) {
    const held = node.contains(document.activeElement) ? document.activeElement : null;
    this.#list.insertBefore(node, there);
    held?.focus();
  }

  #number() {
    const rows = this.#inOrder;
    rows.forEach((row, n) => row.place(n, rows.length));
  }

  get #inOrder() {
    const places = new Map([...this.#list.children].map((node, n) => [node, n]));
    return [...this.#rows.values()].sort((one, other) => places.get(one.node) - places.get(other.node));
  }

  // --- Order -------------------------------------------------------------------------------------------------

  /** Move a row one place. It stays in the document meanwhile, and so keeps the focus, or the pointer that drags it. */
  #move(row, step) {
    const to = this.#inOrder.indexOf(row) + step;
    const other = step < 0 ? row.node.previousElementSibling : row.node.nextElementSibling;
    if (!other) return;
    if (step < 0) row.node.after(other);
    else row.node.before(other);
    this.#number();
    this.#order.want(this.#inOrder.map(({ poll }) => poll.id));
    announce(this.#line, say("host.option_moved", { place: to + 1, count: this.#rows.size }));
    this.#saveLater();
  }

  #saveLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#save(), SETTLED_MS);
  }

  async #save() {
    if (this.#inOrder.some(({ dragged }) => dragged)) return this.#saveLater();
    try {
      this.#failed = false;
      if (await this.#order.save()) announce(this.#line, say("event.sheet_changed"));
    } catch (error) {
      this.#failed = true;
      announce(this.#line, `${told(error)} ${say("event.order_unsaved")}`, true);
      const again = button(say("host.retry"), () => once(again, () => this.#save()), "plain");
      this.#line.append(" ", again);
    }
  }

  // --- Questions ---------------------------------------------------------------------------------------------

  async #act(name, row) {
    const acts = { show: () => this.#show(row.poll), hide: () => this.#show(null), copy: () => this.#duplicate(row) };
    await (acts[name] ?? (() => this.#delete(row)))();
  }

  /** Show a question to everybody, or nothing. Where somebody else was quicker, nothing is changed, and that is said. */
  async #show(poll) {
    await this.#try(async () => {
      const from = this.#hosted.event.shown;
      this.#hosted.take(await this.#server.call("POST", `${this.#path}show/`, { poll: poll?.id ?? null, from }));
      announce(this.#line, poll ? say("event.shown_now", { question: poll.question }) : say("event.nothing"));
    });
  }

  async #duplicate(row) {
    const position = this.#inOrder.indexOf(row) + 1;
    await this.#try(async () => {
      const { id } = await this.#server.call("POST", `${this.#path}polls/`, { copy: row.poll.id, position });
      await this.#hosted.read();
      this.#rows.get(id)?.focus();
      announce(this.#line, say("event.copied", { place: position + 1 }));
    });
  }

  async #delete(row) {
    const { id, question, status } = row.poll;
    const text = [say("host.quoted", { text: question }), say(status === "draft" ? "event.remove_draft" : "host.delete_text")];
    if (status !== "draft") text.push(say("host.delete_kept"));
    if (!(await ask({ title: say("event.remove_title"), text, act: say("host.delete_act") }))) return;
    const place = this.#inOrder.indexOf(row);
    await this.#try(async () => {
      await this.#server.call("DELETE", `/polls/${id}/`);
      await this.#hosted.read();
      const rows = this.#inOrder;
      (rows[Math.min(place, rows.length - 1)] ?? this.#title).focus();
      announce(this.#line, say("hosting.gone", { question }));
    });
  }

  /** Copy one of the host's other polls. */
  async #pick() {
    await this.#try(async () => {
      const { pickPoll } = await later("host/pollpicker");
      pickPoll(this.#server, async (poll) => {
        await this.#server.call("POST", `${this.#path}polls/`, { copy: poll.id });
        await this.#hosted.read();
      });
    });
  }

  async #try(work) {
    announce(this.#line, "");
    try {
      await work();
    } catch (error) {
      announce(this.#line, told(error), true);
      if (error.code === "event_moved" || error.status === 404) await this.#hosted.again();
    }
  }
}
