/** An event on stage: the poll that it shows, and its title with how to join where it shows none. */

import { say } from "../words.js";
import { seen } from "./stage.js";

const FADE_MS = 220;
const FADING = ".stage > h1, .results, .told"; // the rest stays as it is, but what stands beside the results
const BESIDE = ", .stage > aside";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** An event on `stage`. What it shows is `place`: an `EventRoom`, or before there is one what the page says, `{event, room,
 * online}`. */
export class Scenes {
  /** The room of the poll that is on stage; null where none is. */
  room = null;
  /** Called whenever the stage shows something new. */
  shown = () => {};
  #stage;
  #place;
  #begun = false;
  #turning = false;
  #unlisten = [];

  constructor(stage, place) {
    this.#stage = stage;
    this.#place = place;
  }

  /** Follow `place` from now on. */
  follow(place) {
    this.#place = place;
    for (const name of ["shown", "presence"]) place.on(name, () => this.show());
  }

  /** What people are invited to: the event's code, and its title in place of a question. */
  get invitation() {
    const { code, title } = this.#place.event;
    return { code, question: title };
  }

  /** Show how things stand. Another poll comes calmly: what is there fades, and the rest stays where it is. */
  show() {
    if (this.#turning) return; // the newest is shown at its end
    const { room } = this.#place;
    if (this.#begun && room?.id !== this.room?.id) {
      this.#turn();
    } else {
      this.#begun = true;
      this.#take(room);
      this.#paint();
    }
  }

  async #turn() {
    this.#turning = true;
    const parts = this.room?.totals.status === "open" && this.#place.room ? FADING : FADING + BESIDE;
    const fading = fade(parts, [1, 0]);
    if (fading.length) await new Promise((resolve) => setTimeout(resolve, FADE_MS));
    this.#turning = false;
    const { event, room } = this.#place;
    this.#take(room);
    this.#stage.turn(room ? `${placeOf(event, room.poll)}. ${room.poll.question}` : `${event.title}. ${nextOf(event)}`);
    this.#paint();
    for (const one of fading) one.cancel();
    fade(parts, [0, 1]);
  }

  /** Hear what is new in `room`. */
  #take(room) {
    if (room === this.room) return;
    for (const stop of this.#unlisten) stop();
    this.room = room;
    this.#unlisten = room?.on ? ["totals", "poll"].map((name) => room.on(name, () => this.show())) : [];
  }

  #paint() {
    const { event, online } = this.#place;
    const { title, code } = event;
    if (this.room) {
      const place = placeOf(event, this.room.poll);
      this.#stage.show({ ...seen(this.room), online, title, code, place, soon: say("stage.soon") });
    } else {
      this.#stage.rest({ title, code, online, next: nextOf(event), over: isOver(event) });
    }
    this.shown();
  }
}

/** Where a poll stands in its event, in words. */
function placeOf({ polls_count: count }, { position }) {
  return say("stage.place", { place: position + 1, count });
}

/** How an event goes on that shows no poll, as far as anyone can know. */
function nextOf(event) {
  const begun = event.polls.some(({ status }) => status !== "draft");
  return say(isOver(event) ? "stage.over" : begun ? "stage.between" : "stage.soon");
}

function isOver({ polls, polls_count: count }) {
  return count > 0 && polls.length === count && polls.every(({ status }) => status === "closed");
}

/** Let `parts` of the stage come or go, from and to these opacities; returns what moves. */
function fade(parts, opacity) {
  if (calm.matches || document.hidden) return [];
  const fill = opacity[1] === 0 ? "forwards" : "none"; // gone, until they are replaced
  const how = { duration: FADE_MS, easing: "ease", fill };
  return [...document.querySelectorAll(parts)].map((one) => one.animate({ opacity }, how));
}
