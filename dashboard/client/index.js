// AutoMoney's client: works alone in a browser and in Node 18 or later, and needs nothing else.
// docs/dashboard.md shows how it is used.

export { Api, Problem, Unreachable } from "./api.js";
export { Client } from "./client.js";
export { Sequence } from "./sequence.js";
