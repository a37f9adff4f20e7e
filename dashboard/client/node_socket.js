// A WebSocket client for Node, whose own came late (22) and takes no headers: text in, text out.
//
// RFC 6455: frames are two bytes of head, a length of 0, 2 or 8 bytes more, a mask from client to
// server, and the payload.  No extension is asked for, so none has to be understood.

import { createHash, randomBytes } from "node:crypto";
import { request as plain } from "node:http";
import { request as secure } from "node:https";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const OPENING = 15_000; // milliseconds
const LARGEST = 8 * 1024 * 1024;
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

export class NodeSocket extends EventTarget {
  /** @param {string} url ws: or wss: @param {Record<string, string>} headers sent with the handshake */
  constructor(url, headers = {}) {
    super();
    this.waiting = Buffer.alloc(0);
    /** @type {Buffer[]} of a message that comes in several frames */
    this.parts = [];
    this.ended = false;
    /** @type {import("node:net").Socket | null} */
    this.wire = null;
    const key = randomBytes(16).toString("base64");
    const open = url.startsWith("wss:") ? secure : plain;
    this.asking = open(url.replace(/^ws/, "http"), {
      timeout: OPENING,
      headers: { ...headers, Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key },
    });
    this.asking.on("upgrade", (response, wire, head) => this.#opened(response, wire, head, key));
    this.asking.on("response", (response) => this.#failed(new Error(`the handshake was answered ${response.statusCode}`)));
    this.asking.on("timeout", () => this.#failed(new Error("the handshake was not answered")));
    this.asking.on("error", (error) => this.#failed(error));
    this.asking.end();
  }

  /** @param {string} text */
  send(text) {
    this.#frame(TEXT, Buffer.from(text));
  }

  close(code = 1000) {
    const body = Buffer.alloc(2);
    body.writeUInt16BE(code);
    this.#frame(CLOSE, body);
    this.#end();
  }

  /** @param {import("node:http").IncomingMessage} response @param {any} wire @param {Buffer} head @param {string} key */
  #opened(response, wire, head, key) {
    const proof = createHash("sha1").update(key + GUID).digest("base64");
    if (response.headers["sec-websocket-accept"] !== proof) {
      wire.destroy();
      this.#failed(new Error("the handshake's proof is wrong"));
      return;
    }
    this.wire = wire;
    wire.setNoDelay(true);
    wire.setTimeout(0);
    wire.on("data", (/** @type {Buffer} */ bytes) => this.#arrived(bytes));
    wire.on("close", () => this.#end());
    wire.on("error", () => this.#end());
    this.dispatchEvent(new Event("open"));
    if (head.length > 0) this.#arrived(head);
  }

  /** @param {Buffer} bytes */
  #arrived(bytes) {
    this.waiting = Buffer.concat([this.waiting, bytes]);
    while (!this.ended && this.#takeFrame()) continue;
  }

  #takeFrame() {
    const have = this.waiting;
    if (have.length < 2) return false;
    let length = have[1] & 127;
    let start = 2;
    if (length === 126) {
      if (have.length < 4) return false;
      length = have.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      if (have.length < 10) return false;
      length = Number(have.readBigUInt64BE(2));
      start = 10;
    }
    // A server must not mask, and no message of ours comes near the limit.
    if (have[1] & 128 || length > LARGEST) {
      this.close(1002);
      return false;
    }
    if (have.length < start + length) return false;
    const payload = have.subarray(start, start + length);
    this.waiting = have.subarray(start + length);
    this.#frameArrived(have[0] & 15, Boolean(have[0] & 128), payload);
    return true;
  }

  /** @param {number} kind @param {boolean} last @param {Buffer} payload */
  #frameArrived(kind, last, payload) {
    if (kind === PING) this.#frame(PONG, payload);
    else if (kind === CLOSE) this.close();
    else if (kind <= 2) {
      this.parts.push(Buffer.from(payload));
      if (!last) return;
      const data = Buffer.concat(this.parts).toString("utf8");
      this.parts = [];
      this.dispatchEvent(Object.assign(new Event("message"), { data }));
    }
  }

  /** @param {number} kind @param {Buffer} payload below 64 KB */
  #frame(kind, payload) {
    if (!this.wire || this.ended) return;
    const mask = randomBytes(4);
    const head = payload.length < 126
      ? Buffer.from([128 | kind, 128 | payload.length])
      : Buffer.from([128 | kind, 128 | 126, payload.length >> 8, payload.length & 255]);
    const masked = Buffer.from(payload.map((byte, index) => byte ^ mask[index % 4]));
    this.wire.write(Buffer.concat([head, mask, masked]));
  }

  /** @param {Error} error */
  #failed(error) {
    if (this.ended) return;
    this.dispatchEvent(Object.assign(new Event("error"), { error }));
    this.#end();
  }

  #end() {
    if (this.ended) return;
    this.ended = true;
    this.asking.destroy();
    this.wire?.end();
    this.wire?.destroySoon?.();
    this.dispatchEvent(new Event("close"));
  }
}
