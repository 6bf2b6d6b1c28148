/** Results as a picture to save or to copy, as a table to copy, and on paper. */

import { percent, sharesById } from "../bar.js";
import { arrangement } from "../chart/standing.js";
import { element, root } from "../dom.js";
import { brandName, number, say } from "../words.js";
import { told } from "./faults.js";
import { Menu } from "./menu.js";
import { announce, button, once, statusLine } from "./parts.js";
import { picture } from "./picture.js";

const SCALE = 2; // of a PNG, for paper and large screens
const KEPT_MS = 60_000; // a browser may still be writing the file
const LONGEST = 60; // characters of a file's name

/** Below the results a button that copies the picture, where the browser lets a page do that, and a menu of all the rest;
 * `show` tells them what there is. */
export class Picturing {
  #server;
  #line = statusLine();
  #shown = null;

  constructor(server) {
    this.#server = server;
    const act = (name, work) => {
      const made = button(say(`sheet.${name}`), () => once(made, () => this.#do(work)));
      return made;
    };
    const copies = "ClipboardItem" in globalThis && navigator.clipboard?.write;
    const rest = new Menu(null, say("sheet.save"), "opens");
    rest.offer([
      act("png", () => this.#save("png")),
      act("svg", () => this.#save("svg")),
      ...(copies ? [act("copy_table", () => this.#copyTable())] : []),
      act("print", () => print()),
    ]);
    const buttons = element("div", { class: "buttons" }, copies && act("copy", () => this.#copy()), rest.node);
    /** The buttons, and what they say. */
    this.node = element("div", { class: "picturing" }, buttons, this.#line);
  }

  show(poll, totals) {
    this.#shown = { poll, totals };
  }

  async #do(work) {
    announce(this.#line, "");
    try {
      await work();
    } catch (error) {
      announce(this.#line, error instanceof TypeError ? say("shared.unreachable") : told(error), true);
    }
  }

  async #save(format) {
    const shown = this.#shown;
    const svg = await this.#draw();
    hand(format === "svg" ? asSvg(svg) : await asPng(svg), `${nameOf(shown.poll)}.${format}`);
  }

  async #copy() {
    const png = this.#draw().then(asPng); // as a promise: a browser lets a page copy for a moment after a press only
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    announce(this.#line, say("sheet.copied"));
  }

  async #copyTable() {
    await navigator.clipboard.writeText(tableOf(this.#shown));
    announce(this.#line, say("sheet.copied"));
  }

  /** The picture with the poll's brand. */
  async #draw() {
    const { poll, totals } = this.#shown;
    const found = await this.#server.call("GET", `/polls/${poll.id}/brand/`);
    const logo = found.logo && { ...found.logo, url: await this.#embedded(found.logo.url) };
    const scheme = found.stage === "auto" ? "light" : found.stage;
    return picture({ poll, totals, look: { ...found, name: found.name || brandName, logo }, scheme });
  }

  /** A logo as a `data:` address: a picture in a file loads nothing. */
  async #embedded(url) {
    const answer = await fetch(new URL(`logos/${url.replace(/.*\//, "")}`, root));
    if (!answer.ok) throw new TypeError(`the logo was answered with ${answer.status}`);
    return dataAddress(await answer.blob());
  }
}

/** The table of results for a spreadsheet: its cells are separated by tabs. */
export function tableOf({ poll, totals }) {
  const shares = sharesById(totals);
  const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count]));
  const { shown } = arrangement(poll, totals, { hold: false, all: true, most: Infinity });
  const cell = (text) => String(text).replace(/\s+/g, " ");
  const head = ["host.option", "host.votes", "host.share"].map((name) => say(name));
  const rows = shown.map(({ id, option_text: text }) => [text, counts.get(id) ?? "", shares.has(id) ? percent(shares.get(id)) : ""]);
  const sum = [say("host.voters"), number(totals.voters), ""];
  return [[poll.question], head, ...rows, sum].map((row) => row.map(cell).join("\t")).join("\n");
}

/** The name of a file: the question and the day. */
export function nameOf({ question, id }, day = new Date()) {
  const words = question.normalize("NFKC").toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? ["poll", id];
  const local = new Date(day.getTime() - day.getTimezoneOffset() * 60_000);
  const whole = words.join("-");
  const short = whole.length > LONGEST ? whole.slice(0, LONGEST).replace(/-[^-]*$/, "") : whole;
  return `${short}-${local.toISOString().slice(0, 10)}`;
}

function asSvg(node) {
  return new Blob([new XMLSerializer().serializeToString(node)], { type: "image/svg+xml" });
}

async function asPng(node) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(node))}`;
  await image.decode();
  const canvas = element("canvas", { width: image.width * SCALE, height: image.height * SCALE });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function dataAddress(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new TypeError("the logo could not be read"));
    reader.readAsDataURL(blob);
  });
}

function hand(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
