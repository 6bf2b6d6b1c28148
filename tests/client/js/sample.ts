/** A front end in TypeScript: compiled by the tests, never run. */

import {
  Busy,
  MemoryStorage,
  Refused,
  TurnedAway,
  Unsettled,
  connect,
  enter,
  lasts,
  login,
  newOp,
  register,
  session,
  waitFor,
  type Client,
  type EventRoom,
  type NexusEvent,
  type Poll,
  type Receipt,
  type Room,
  type State,
  type Totals,
} from "../../../nexus/web/client.js";

const url = "https://vote.example";

export async function vote(code: string): Promise<Receipt | null> {
  const guest = await enter({ url, code, storage: localStorage });
  const client: Client = connect({ url, token: guest.token, storage: new MemoryStorage(), WebSocket, fetch });
  const room: Room = await client.join(guest.event === null ? guest.poll : code);
  const stop: () => void = room.on("totals", (totals: Totals) => console.log(totals.options[0]?.votes_count ?? "hidden"));
  room.on("votes", (votes) => console.log(votes.map((one) => one.op)));
  room.on("poll", ({ corrected_at: corrected }) => console.log(corrected === null ? "" : Date.parse(corrected)));
  room.on("presence", (online) => console.log(online.toFixed()));
  client.on("state", (state) => console.log(told(state)));
  client.on("settled", ({ act, receipt, error }) => console.log(act.op, receipt?.stands, error?.code));
  try {
    await room.vote([1, 2]);
    await room.vote(room.poll.options[0]!.id);
    await room.refresh();
    return await room.retract(newOp());
  } catch (error) {
    if (error instanceof Refused) console.log(error.code, error.detail);
    else if (error instanceof Unsettled) console.log(error.op);
    else if (error instanceof Busy || error instanceof TurnedAway) console.log(error.message);
    else throw error;
    return null;
  } finally {
    stop();
    room.leave();
    client.close();
  }
}

export async function follow(code: string): Promise<EventRoom | null> {
  const { token, event } = await enter({ url, code });
  const client = connect({ url, token });
  const place = await client.enter(code, { as: "screen" });
  if (!place.event) {
    console.log(event === null, place.poll.question);
    return null;
  }
  const { title, polls, shown }: NexusEvent = place.event;
  console.log(title, polls.findIndex(({ id }) => id === shown), place.room?.totals.voters);
  const stop = place.on("shown", ({ event: now, room }) => console.log(now.revision, room?.poll.question ?? "nothing"));
  place.on("presence", (online) => console.log(online.toFixed()));
  place.on("deleted", (id) => console.log(id.toFixed()));
  // @ts-expect-error an event is not voted in, but the room of what it shows
  await place.vote(1);
  stop();
  const byId: EventRoom = await client.enter(event ?? place.id);
  byId.leave();
  return byId.online === null ? null : byId;
}

function told(state: State): string {
  if (state.name === "waiting") return new Date(state.at).toISOString();
  if (state.name === "closed") return state.reason;
  return state.name === "open" ? state.via : "…";
}

export async function host(username: string, password: string): Promise<Poll> {
  await register({ url, username, password });
  const storage = lasts("device") ? "device" : "tab";
  const { token, ended } = session({ url }) ?? (await login({ url, username, password, storage }));
  ended.then(() => console.log("logged out"));
  // @ts-expect-error there is no such place
  lasts("cloud");
  const client = connect({ url, token: await token(), renew: token });
  // @ts-expect-error there is no such event
  client.on("votes", () => {});
  // @ts-expect-error a poll is named by a number or a string
  await client.join({});
  await waitFor({ url, code: "K7M2QP", waiting: (reached) => console.log(reached), signal: new AbortController().signal });
  await client.join("K7M2QP", { as: "screen" });
  return client.call<Poll>("POST", "/polls/", { question: "Which?", options: [] });
}
