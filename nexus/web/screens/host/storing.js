/** How the form's content gets to the server: a new poll at once, changes step by step. */

import { askAboutOption, askAboutQuestion, askAboutRemoval } from "./correcting.js";
import { differences, optionCalls } from "./saving.js";

/** Create a poll at `path` from `values` with the texts of its options, as a draft or open; resolves to it. */
export function create(server, path, values, options, draft) {
  const body = { ...values, options: options.map(({ text }) => ({ option_text: text })) };
  if (draft) body.status = "draft";
  return server.call("POST", path, body);
}

/** Save the changes of `poll` from the fields `was` to `values`, and its options as `wanted`. Resolves to null, or to the
 * sentence that says what the host has refused; the steps before that remain, as when a step fails and this rejects. */
export async function change(server, poll, { was, values, wanted }) {
  const fields = differences(was, values);
  if (Object.keys(fields).length && !(await changeFields(server, poll, fields))) return "host.not_corrected";
  for (const one of optionCalls(poll.id, poll.options, wanted)) {
    if (!(await step(server, one))) return "host.not_discarded";
  }
  return null;
}

async function changeFields(server, { id }, fields) {
  const path = `/polls/${id}/`;
  try {
    await server.call("PATCH", path, fields);
  } catch (error) {
    if (error.code !== "poll_has_votes" || fields.question === undefined) throw error;
    if (!(await askAboutQuestion())) return false;
    await server.call("PATCH", `${path}?correction=true`, fields);
  }
  return true;
}

async function step(server, { method, path, body, option, place, act }) {
  try {
    await server.call(method, path, body);
  } catch (error) {
    const closed = error.code === "poll_closed" && act === "rename";
    if (error.code !== "option_has_votes" && !closed) throw located(error, place);
    const how = act === "rename" ? await askAboutOption(option, closed) : await askAboutRemoval(option);
    if (!how) return false;
    const query = act === "rename" ? how : "discard_votes";
    await server.call(method, `${path}?${query}=true`, body);
  }
  return true;
}

/** A refusal of an option's text, with the place of that option. */
function located(error, place) {
  if (place === undefined || !error.errors?.length) return error;
  const errors = error.errors.map(({ field, message }) => ({ field: `options[${place}].${field}`, message }));
  return Object.assign(error, { errors });
}
