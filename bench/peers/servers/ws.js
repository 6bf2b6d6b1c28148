// ws on Node, with the broadcast to a set of sockets that its documentation shows.
import { WebSocket, WebSocketServer } from "ws";
import { createTables, readPoll, vote } from "./votes.js";

const rooms = new Map();

function broadcast(poll, message) {
  const data = JSON.stringify(message);
  for (const socket of rooms.get(poll) ?? []) {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  }
}

async function join(socket, { poll }) {
  if (!rooms.has(poll)) rooms.set(poll, new Set());
  rooms.get(poll).add(socket);
  socket.on("close", () => rooms.get(poll).delete(socket));
  socket.send(JSON.stringify({ type: "joined", ...(await readPoll(poll, socket.voter)) }));
}

async function cast(socket, { poll, option, op }) {
  const totals = await vote(poll, socket.voter, option);
  socket.send(JSON.stringify({ type: "ack", op, version: totals.version }));
  broadcast(poll, { type: "totals", ...totals });
}

await createTables();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT) });

server.on("connection", (socket, request) => {
  socket.voter = new URL(request.url, "ws://localhost").searchParams.get("voter");
  socket.on("error", console.error);
  socket.on("message", async (data) => {
    const message = JSON.parse(data);
    if (message.type === "join") await join(socket, message);
    else if (message.type === "vote") await cast(socket, message);
  });
});
