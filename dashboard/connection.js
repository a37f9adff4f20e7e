// How the page is connected, in one label.

import { find, make, put } from "./elements.js";
import { t } from "./i18n/index.js";

export class Connection {
  // onTakeBack() makes this page live again after a newer one took its place.
  constructor(client, onTakeBack) {
    this.element = find("connection");
    this.back = make("button", { type: "button", class: "link", text: t("state.takeBack"), hidden: true, "data-testid": "take-back" });
    this.back.addEventListener("click", onTakeBack);
    this.element.after(this.back);
    this.online = true;
    this.told = { state: "connecting", reason: "", evicted: false };
    client.on("state", (told) => {
      this.told = told;
      this.#show();
    });
    addEventListener("offline", () => this.#network(false));
    addEventListener("online", () => this.#network(true));
  }

  #network(online) {
    this.online = online;
    this.#show();
  }

  #show() {
    const { state, reason, evicted } = this.told;
    const now = this.online ? state : "offline";
    this.element.dataset.state = now;
    this.element.title = now === "live" ? t("state.live.why") : evicted ? t("state.evicted") : reason;
    put(this.element, t(`state.${now === "stopped" ? "offline" : now}`));
    this.back.hidden = !evicted;
    this.onEvicted?.(evicted ? t("state.evicted.told", { why: reason }) : "");
  }
}
