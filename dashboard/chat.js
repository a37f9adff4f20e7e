// Questions in words, and answers with the facts they rest on.

import { make } from "./elements.js";
import { asDated, asFigure } from "./format.js";
import { t } from "./i18n/index.js";

const KEPT = 20;

export class Chat {
  // onAsk({question, fresh, by}) gives the answer or rejects; a Problem's `free` is an answer as well.
  constructor(place, onAsk) {
    this.onAsk = onAsk;
    this.talk = make("ol", { class: "talk", "data-testid": "talk", "aria-live": "polite" }, make("li", { class: "note", text: t("chat.hello") }));
    this.field = make("input", { id: "question", maxlength: 500, autocomplete: "off", placeholder: t("chat.placeholder"), required: true });
    this.fresh = make("input", { type: "checkbox", id: "fresh" });
    this.button = make("button", { type: "submit", text: t("chat.send") });
    const ideas = ["price", "portfolio", "why"].map((name) => {
      const button = make("button", { type: "button", class: "chip", text: t(`chat.try.${name}`) });
      button.addEventListener("click", () => this.#ask(button.textContent));
      return button;
    });
    const form = make("form", { class: "row", "data-testid": "chat-form" },
      make("label", { class: "unseen", for: "question", text: t("chat.label") }), this.field, this.button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#ask(this.field.value.trim());
    });
    place.append(this.talk, make("div", { class: "row wrap" }, ...ideas), form, make("label", { class: "check" }, this.fresh, make("span", { text: t("chat.fresh") })));
  }

  async #ask(question) {
    if (!question || this.button.disabled) return;
    this.button.disabled = true;
    this.field.value = "";
    const answer = make("div", { class: "answer" }, make("p", { class: "note", text: t("chat.thinking") }));
    this.#say(make("li", {}, make("p", { class: "question", text: question }), answer));
    try {
      this.#answered(answer, await this.onAsk({ question, fresh: this.fresh.checked }));
    } catch (error) {
      answer.replaceChildren(make("p", { class: "problem", text: error.message }));
      if (error.members?.free) this.#answered(answer, error.members.free, error.message);
    } finally {
      this.button.disabled = false;
      this.fresh.checked = false;
      this.talk.scrollTop = this.talk.scrollHeight;
    }
  }

  #answered(place, { answer, citations, by, look, notice }, problem = null) {
    const who = by === "rules" ? t("chat.byRules") : t("chat.by", { by });
    place.replaceChildren(...[
      make("p", { "data-testid": "answer", text: answer }),
      problem ?? notice ? make("p", { class: "note", text: problem ?? notice }) : null,
      look ? make("p", { class: "note", text: t("chat.look") }) : null,
      citations.length
        ? make("details", {}, make("summary", { text: `${t("chat.facts", { count: citations.length })} · ${who}` }),
          make("ul", { class: "cited" }, ...citations.map(cited)))
        : make("p", { class: "note", text: who }),
    ].filter(Boolean));
  }

  #say(row) {
    this.talk.append(row);
    while (this.talk.children.length > KEPT) this.talk.firstElementChild.remove();
    this.talk.scrollTop = this.talk.scrollHeight;
  }
}

function cited({ name, asset, at, value }) {
  const figure = value !== null && value !== "" && !Number.isNaN(Number(value)) ? asFigure(value) : String(value ?? "");
  return make("li", {},
    make("span", { text: [asset, name.replaceAll(".", " ").replaceAll("_", " ")].filter(Boolean).join(" ") }),
    make("b", { text: figure }),
    at ? make("time", { datetime: at, title: at, text: asDated(at) }) : null);
}
