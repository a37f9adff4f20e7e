// Follows a user's events with the client module, while its sockets are killed; prints what it was told.
//
// node follow.mjs BASE TOKEN AUTH UNTIL: ends once the event UNTIL has come and it is live again.

import { Client } from "../../dashboard/client/index.js";
import { NodeSocket } from "../../dashboard/client/node_socket.js";

const [base, token, auth, until] = process.argv.slice(2);
const say = (told) => console.log(JSON.stringify(told));
let refused = 0;

const client = new Client({
  base, token, auth, poll: 1000,
  socket: (url, headers) => {
    if (refused > 0) {
      refused -= 1;
      throw new Error("no socket today");
    }
    return new NodeSocket(url, headers);
  },
});
client.on("event", ({ event, seq }) => say({ event, seq, state: client.state }));
client.on("gap", (gap) => say({ gap }));
client.on("error", (error) => say({ error: error.message }));

// Each time it is live it is cut off: at once, or so that the next openings fail as well.
let cuts = 0;
client.on("state", (told) => {
  say(told);
  if (told.state !== "live") return;
  if (client.seq >= Number(until)) {
    client.stop();
    return;
  }
  cuts += 1;
  refused = cuts % 2 === 0 ? 2 : 0;
  setTimeout(() => client.link.socket?.wire?.destroy(), 400);
});
await client.start(0);
