/** Where the form of a poll belongs: alone, or in an event. */

import { say } from "../words.js";
import { leave } from "./notice.js";

/** The place of a form for the poll `id` or, if that is null, for a new one in the `event` of this id or in none; `query`
 * is that of its address, which may name the event to go back to. */
export function placeOf(id, event, query) {
  if (id !== null) return edited(id, Number(query.get("event")));
  if (event) return added(event);
  const words = { title: say("host.new_poll"), text: say("host.back_to_list") };
  return { name: "new", path: "/polls/", away: "#/", ...words, saved: pollPage };
}

/** The place of a question that is added to an event. */
function added(event) {
  const away = `#/event/${event}`;
  const words = { title: say("event.new_question"), text: say("hosting.back_to_event") };
  const saved = ({ question }) => {
    leave(say("event.picked", { question }));
    return away;
  };
  return { name: `new in ${event}`, path: `/events/${event}/polls/`, away, event, ...words, saved };
}

function edited(id, event) {
  const title = say("host.edit_title");
  if (event > 0) {
    const away = `#/event/${event}`;
    return { name: String(id), away, title: say("hosting.edit_question"), text: say("hosting.back_to_event"), saved: () => away };
  }
  return { name: String(id), away: `#/poll/${id}`, title, text: say("host.back_to_poll"), saved: pollPage };
}

function pollPage({ id }) {
  return `#/poll/${id}`;
}
