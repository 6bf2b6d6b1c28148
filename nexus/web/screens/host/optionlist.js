/** The options of a poll in its form: typed one by one, or pasted as lines. */

import { element, fill, write } from "../dom.js";
import { blame, field } from "../login.js";
import { say, series } from "../words.js";
import { OptionRow } from "./optionrow.js";
import { announce, button, statusLine } from "./parts.js";
import { LONGEST, adopt, doubles, identify, isVisible, length, lines } from "./texts.js";

const MOST = 100;
const FEWEST = 2;

/** The list; `values` are its options, `{id, text}`, where `id` is null for a new option. `changed()` is called where no
 * input event tells of it, and `passed()` when Enter leads on from the last option. */
export class OptionList {
  #rows = [];
  #locked = false;
  #pasting = false;
  #list = element("ol", { class: "options" });
  #line = statusLine();
  #fault = element("p", { class: "fault", role: "alert" });
  #add = button(say("host.option_add"), () => this.#added());
  #switch = button("", () => this.#toggle(), "plain");
  #text = element("textarea", { name: "lines", rows: "8", dir: "auto" });
  #hint = element("p", { class: "hint keys" }, say("host.options_hint"));
  #paste;
  #told = {
    moved: (row, step, dragged) => this.#move(row, step, dragged),
    removed: (row) => this.#remove(row),
    entered: (row) => this.#enter(row),
    pasted: (row, text) => this.#pasteInto(row, text),
  };

  #changed;
  #passed;

  constructor({ changed, passed }) {
    this.#changed = changed;
    this.#passed = passed;
    this.#paste = field(say("host.lines"), this.#text, { hint: say("host.lines_hint") });
    this.#paste.hidden = true;
    this.#text.addEventListener("input", () => this.#checkLines());
    const buttons = element("div", { class: "buttons" }, this.#add, this.#switch);
    const legend = element("legend", {}, say("host.options"));
    /** The group. */
    this.node = element("fieldset", { class: "option-list" }, legend, this.#list, this.#paste);
    this.node.append(buttons, this.#hint, this.#fault, this.#line);
    this.node.addEventListener("input", () => write(this.#fault, ""));
    this.fill([]);
  }

  /** What is typed, with rows that are still empty. */
  get rows() {
    return this.#pasting ? this.#fromLines() : this.#rows.map(({ id, text }) => ({ id, text }));
  }

  get values() {
    const rows = this.#pasting ? this.#fromLines() : this.#rows.map(({ id, text }) => ({ id, text: text.trim() }));
    return rows.filter(({ id, text }) => text || id !== null);
  }

  /** Show options, filled up with empty rows to two; `was` has the server's texts by id, where they differ. `locked`
   * ones keep their number and order. */
  fill(options, locked = false, was = new Map()) {
    this.#locked = locked;
    this.#rows = options.map(({ id, text }) => new OptionRow(text, id, this.#told, was.get(id)));
    while (this.#rows.length < FEWEST) this.#rows.push(new OptionRow("", null, this.#told));
    this.#show(false);
    this.#paint();
  }

  /** Take over the ids that the options have on the server, by their text; one that is gone there is new here. */
  rename(options) {
    const was = new Map(options.map(({ id, option_text: text }) => [id, text]));
    const values = this.values.map((one) => (was.has(one.id) ? one : { ...one, id: null }));
    this.fill(adopt(values, options), this.#locked, was);
  }

  /** Check the options and show their errors; returns whether all are `right`, and the `first` field to correct. */
  check() {
    if (this.#pasting) this.#toggle();
    const rows = this.#rows;
    rows.forEach((row) => row.blame(""));
    const given = rows.filter((row) => row.text.trim() || row.id !== null);
    const changed = given.filter((row) => row.changed); // what the server has stays, even if its rules are newer
    const kept = given.filter((row) => !row.changed).map((row) => row.text);
    const alike = new Set(doubles(changed.map((row) => row.text), kept).map((place) => changed[place]));
    for (const row of changed) row.blame(this.#wrong(row, alike.has(row)));
    const number = given.length >= FEWEST && given.length <= MOST;
    const few = given.length < FEWEST ? rows.filter((row) => !given.includes(row)).slice(0, FEWEST - given.length) : [];
    for (const row of few) row.blame(say("host.rule_option"));
    write(this.#fault, number || few.length ? "" : say("host.rule_number", { from: FEWEST, to: MOST }));
    const first = given.find((row) => row.input.getAttribute("aria-invalid"));
    return { right: number && !first, first: (first ?? few[0])?.input ?? (number ? null : rows[0]?.input) };
  }

  /** Show the error of the option at `place` of `values`; returns its field. */
  blame(place, text) {
    const row = this.#rows.filter(({ id, text: held }) => held.trim() || id !== null)[place];
    row?.blame(text);
    return row?.input;
  }

  #wrong(row, alike) {
    const long = length(row.text);
    if (!long) return say("host.rule_option");
    if (long > LONGEST) return say("host.rule_length", { from: 1, to: LONGEST });
    if (!isVisible(row.text)) return say("host.rule_invisible");
    return alike ? say("host.rule_same") : "";
  }

  // --- One by one --------------------------------------------------------------------------------------------

  #paint() {
    this.#rows.forEach((row, n) => {
      row.place(n, this.#rows.length, this.#locked);
      if (this.#list.children[n] !== row.node) this.#list.insertBefore(row.node, this.#list.children[n] ?? null);
    });
    while (this.#list.children.length > this.#rows.length) this.#list.lastChild.remove();
    this.#add.hidden = this.#pasting || this.#locked;
    this.#switch.hidden = this.#hint.hidden = this.#locked;
    fill(this.#switch, say(this.#pasting ? "host.one_by_one" : "host.paste_lines"));
  }

  #insert(place, ...rows) {
    const room = MOST - this.#rows.length;
    if (rows.length > room) announce(this.#line, say("host.rule_number", { from: FEWEST, to: MOST }), true);
    this.#rows.splice(place, 0, ...rows.slice(0, room));
    this.#paint();
    return rows[Math.min(rows.length, room) - 1];
  }

  /** Give the focus to the first option. */
  focus() {
    (this.#pasting ? this.#text : this.#rows[0].input).focus();
  }

  #added() {
    this.#insert(this.#rows.length, new OptionRow("", null, this.#told))?.input.focus();
  }

  #enter(row) {
    const place = this.#rows.indexOf(row);
    const next = this.#rows[place + 1];
    if (next && !next.text) next.input.focus();
    else if (this.#locked) (next ? next.input.focus() : this.#passed());
    else if (!next && !row.text) this.#passed();
    else this.#insert(place + 1, new OptionRow("", null, this.#told))?.input.focus();
  }

  /** Move a row one place. It stays in the document meanwhile, and so keeps the focus, or the pointer that drags it. */
  #move(row, step, dragged = false) {
    const place = this.#rows.indexOf(row);
    const to = place + step;
    if (this.#locked || to < 0 || to >= this.#rows.length) return;
    const other = this.#rows[to].node;
    if (step < 0) row.node.after(other);
    else row.node.before(other);
    this.#rows.splice(place, 1);
    this.#rows.splice(to, 0, row);
    this.#paint();
    if (!dragged && !row.node.contains(document.activeElement)) row.input.focus();
    announce(this.#line, say("host.option_moved", { place: to + 1, count: this.#rows.length }));
    this.#changed();
  }

  #remove(row) {
    const place = this.#rows.indexOf(row);
    if (this.#rows.length <= FEWEST) return;
    this.#rows.splice(place, 1);
    row.node.remove();
    this.#paint();
    this.#rows[Math.min(place, this.#rows.length - 1)].focusRemove();
    announce(this.#line, say("host.option_removed", { text: row.text.trim() || String(place + 1) }));
    this.#changed();
  }

  /** Paste lines into a row: the first is inserted into its text, the others follow as options. */
  #pasteInto(row, text) {
    const [first, ...more] = this.#locked ? [lines(text).join(" ")] : lines(text);
    const { selectionStart: from, selectionEnd: to } = row.input;
    row.input.setRangeText(first, from, to, "end");
    const place = this.#rows.indexOf(row) + 1;
    while (this.#rows[place] && this.#rows[place].id === null && !this.#rows[place].text) this.#rows.splice(place, 1);
    const last = this.#insert(place, ...more.map((one) => new OptionRow(one, null, this.#told)));
    (last ?? row).input.focus();
    announce(this.#line, say("host.pasted", { n: more.length + 1 }));
    this.#changed();
  }

  // --- As lines ----------------------------------------------------------------------------------------------

  #toggle() {
    if (this.#pasting) {
      this.fill(this.#fromLines(), false, new Map(this.#rows.map(({ id, was }) => [id, was])));
      this.#rows[0].input.focus();
      return;
    }
    this.#text.value = this.#rows.map((row) => row.text.trim()).filter(Boolean).join("\n");
    this.#show(true);
    this.#paint();
    this.#checkLines();
    this.#text.focus();
  }

  #show(pasting) {
    this.#pasting = pasting;
    this.#list.hidden = pasting;
    this.#paste.hidden = !pasting;
    write(this.#fault, "");
    announce(this.#line, "");
  }

  /** The lines as options; an option that was there before keeps its id, and with it its votes. */
  #fromLines() {
    const texts = lines(this.#text.value);
    const ids = identify(texts, this.#rows.filter(({ id }) => id !== null));
    return texts.map((text, n) => ({ id: ids[n], text }));
  }

  #checkLines() {
    const found = lines(this.#text.value);
    const alike = [...new Set(doubles(found).map((place) => found[place]))];
    const long = found.filter((text) => length(text) > LONGEST).map((text) => `${text.slice(0, 40)}…`);
    const faults = [
      alike.length && say("host.lines_alike", { texts: listed(alike) }),
      long.length && say("host.lines_long", { texts: listed(long), most: LONGEST }),
      found.length > MOST && say("host.rule_number", { from: FEWEST, to: MOST }),
    ];
    if (this.#text.isConnected) blame(this.#text, faults.filter(Boolean).join(" "));
    announce(this.#line, say("host.lines_count", { n: found.length }));
  }
}

function listed(texts) {
  return series(texts.map((text) => say("host.quoted", { text })));
}
