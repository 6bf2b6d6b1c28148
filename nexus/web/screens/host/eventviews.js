/** The views of events, each loaded when it is first shown. */

import { later } from "../persist.js";

/** The view of a route of events, `{name, id, query}`; `moved(hash)` is told the address of what a list shows. Rejects
 * with `Unreachable`. */
export async function eventView(server, { name, id, query }, moved) {
  const load = (module, ...sections) => later(`host/${module}`, "event", ...sections);
  if (name === "event") return new (await load("event", "runsheet", "control", "eventresults")).EventView(server, id);
  if (name === "event_control") return new (await load("control", "control")).ControlView(server, id);
  if (name === "event_new") return new (await load("eventform", "runsheet")).EventFormView(server, null);
  if (name === "event_edit") return new (await load("eventform")).EventFormView(server, id);
  if (name === "event_poll") return new (await load("form")).FormView(server, null, query, id);
  if (name === "event_history") return new (await load("history")).HistoryView(server, `event/${id}`);
  if (name === "event_text") return new (await load("eventtext", "runsheet")).EventTextView(server, id);
  if (name === "event_file") return new (await load("eventfile", "runsheet")).EventFileView(server);
  if (name === "event_results") return new (await load("eventresults", "eventresults")).EventResultsView(server, id);
  return new (await load("events", "control")).EventsView(server, query, moved);
}
