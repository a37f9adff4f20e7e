// Who is looking, in which language: then the page.

import { Client, Problem } from "./client/index.js";
import { Connection } from "./connection.js";
import { find, put } from "./elements.js";
import { t, translate } from "./i18n/index.js";
import { Menu } from "./menu.js";
import { Page } from "./page.js";
import { Session } from "./session.js";

const RETRY = 3000; // milliseconds

class App {
  constructor() {
    translate();
    this.session = new Session();
    this.client = new Client({
      base: document.querySelector("meta[name=automoney-api]").content,
      token: () => this.session.token,
      renew: () => this.session.renew(),
    });
    new Connection(this.client, () => this.client.wake()).onEvicted = (words) => this.#say(words);
    this.client.on("reset", () => location.reload());
    find("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.session.bring(find("token").value);
      location.reload(); // everything starts over as the one whose token it is
    });
  }

  async open() {
    const known = await this.session.open();
    const menu = new Menu(find("menu"), this.session);
    menu.onOther = () => this.#askForToken("");
    if (!known) {
      this.#askForToken("");
      return;
    }
    this.page = new Page(this.client, this.session, { say: (words) => this.#say(words), refused: (words) => this.#askForToken(words) });
    await this.#start();
  }

  async #start() {
    try {
      await this.page.open();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.#askForToken(error.message);
      else {
        this.#say(error.message);
        setTimeout(() => this.#start(), Math.max(RETRY, error.retryAfter ?? 0));
      }
    }
  }

  #say(words) {
    if (this.words === words) return;
    this.words = words;
    find("notice").hidden = words === "";
    put(find("notice"), words);
  }

  #askForToken(words) {
    this.page?.stop();
    find("content").hidden = true;
    find("skeleton").hidden = true;
    find("status").hidden = true;
    find("token-form").hidden = false;
    put(find("connection"), t("state.offline"));
    find("connection").dataset.state = "offline";
    find("token").focus();
    this.#say(words);
  }
}

new App().open();
