// Socket.IO on Node, with its rooms and acknowledgements, and with what its documentation says on performance: bufferutil is
// installed, and the request that opened a connection is let go of.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { createTables, readPoll, vote } from "./votes.js";

const httpServer = createServer();
const io = new Server(httpServer, { transports: ["websocket"], serveClient: false });

io.engine.on("connection", (connection) => {
  connection.request = null;
});

io.on("connection", (socket) => {
  const { voter } = socket.handshake.auth;

  socket.on("join", async (poll, acknowledge) => {
    socket.join(`poll:${poll}`);
    acknowledge(await readPoll(poll, voter));
  });

  socket.on("vote", async ({ poll, option }, acknowledge) => {
    const totals = await vote(poll, voter, option);
    acknowledge({ version: totals.version });
    io.to(`poll:${poll}`).emit("totals", totals);
  });
});

await createTables();
httpServer.listen(Number(process.env.PORT), "127.0.0.1");
