/** Times for people, and a tick at each second of the server's clock. */

import { moment, say } from "./words.js";

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

/** A length of time in words or figures: `3:07`, `1:00:00`, `2 days`. Below zero is zero. */
export function span(ms) {
  const left = Math.max(0, Math.ceil(ms / SECOND)) * SECOND;
  if (left >= 2 * DAY) return say("shared.days", { n: Math.floor(left / DAY) });
  const seconds = left / SECOND;
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  if (left >= HOUR) return [Math.floor(left / HOUR), ...parts].join(":");
  return `${Number(parts[0])}:${parts[1]}`;
}

/** How long a poll stays open, or until it opens; empty if it has no end. `now` is the server's time, in ms. */
export function timeLeft(poll, status, now) {
  const waiting = status === "scheduled";
  const at = waiting ? poll.opens_at : poll.expires_at;
  const [soon, later] = waiting ? ["shared.opens_in", "shared.opens_at"] : ["shared.left", "shared.closes_at"];
  if (!at || !["scheduled", "open"].includes(status)) return "";
  const left = Date.parse(at) - now;
  return left < DAY ? say(soon, { time: span(left) }) : say(later, { time: moment(Date.parse(at), now) });
}

/** How long a poll stays open, in ms from the server's `now`; NaN if it has no end. */
export function msLeft(poll, now) {
  return Date.parse(poll.expires_at) - now;
}

/** That a text of the poll was corrected while votes stood, and when; empty if none was. */
export function correctedAt(poll) {
  return poll.corrected_at ? say("shared.corrected", { time: moment(Date.parse(poll.corrected_at)) }) : "";
}

/** Call `paint` now and at the start of each second of `now()`; returns what stops that. */
export function everySecond(now, paint) {
  let timer = null;
  const tick = () => {
    paint();
    timer = setTimeout(tick, SECOND - (now() % SECOND) + 5);
  };
  tick();
  return () => clearTimeout(timer);
}
