// A list of rows, newest first, each there once; older ones are fetched when the reader asks.

import { light, make, put } from "./elements.js";
import { t } from "./i18n/index.js";

const KEPT = 12; // new rows push out the oldest, unless the reader has asked for older ones
const MOST = 400;

export class Rows {
  // key(row) names a row; element(row) makes it; onOlder(cursor) resolves with {rows, next}.
  constructor(place, { empty, key, element, onOlder }) {
    Object.assign(this, { place, key, element });
    this.keys = new Map();
    this.most = KEPT;
    this.next = null;
    this.empty = make("li", { class: "empty", text: empty });
    this.older = make("button", { type: "button", class: "link", text: t("older"), hidden: true });
    this.older.addEventListener("click", () => this.#fetchOlder(onOlder));
    place.append(this.empty);
    place.after(this.older);
  }

  // `rows` newest first and the cursor of the rest, as the API gives them.
  fill(rows, next) {
    for (const row of [...rows].reverse()) this.add(row, { flash: false });
    this.next = next;
    this.older.hidden = next === null || next === undefined;
  }

  add(row, { flash = true } = {}) {
    const element = this.#made(row);
    if (!element) return;
    this.place.prepend(element);
    if (flash) light(element);
    this.#trim();
  }

  clear() {
    this.keys.clear();
    this.most = KEPT;
    this.place.replaceChildren(this.empty);
    this.older.hidden = true;
  }

  #made(row) {
    const key = this.key(row);
    if (this.keys.has(key)) return null;
    this.empty.remove();
    const element = this.element(row);
    this.keys.set(key, element);
    return element;
  }

  #trim() {
    while (this.keys.size > this.most) {
      const [key] = [...this.keys].find(([, element]) => element === this.place.lastElementChild) ?? [];
      this.place.lastElementChild.remove();
      this.keys.delete(key);
      if (this.most === KEPT) this.next = undefined; // its cursor would skip what was pushed out
    }
  }

  async #fetchOlder(onOlder) {
    this.older.disabled = true;
    try {
      // Once rows were pushed out, the cursor is too old: begin at the top again, duplicates fall away.
      const { rows, next } = await onOlder(this.next ?? null);
      this.most = MOST;
      this.place.append(...rows.map((row) => this.#made(row)).filter(Boolean));
      this.next = next;
      this.older.hidden = next === null || this.keys.size >= MOST;
      put(this.older, t("older"));
    } catch (error) {
      put(this.older, `${error.message} ${t("retry")}`);
    } finally {
      this.older.disabled = false;
    }
  }
}
