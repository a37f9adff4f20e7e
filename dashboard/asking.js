// A button whose consequences are asked about first, in a dialog, with a field for the reason or the amount.

import { make, put } from "./elements.js";
import { t } from "./i18n/index.js";

export class Asking {
  // act(value of the field) resolves with words to show, or rejects with an error in words.
  constructor({ name, label, text, field, value = "", confirm, danger = true, act }) {
    Object.assign(this, { act });
    this.button = make("button", { type: "button", class: danger ? "danger" : "", text: label, "data-testid": name });
    this.input = make("input", { id: `${name}-field`, maxlength: 200, autocomplete: "off", required: true });
    this.input.value = value;
    this.problem = make("p", { class: "problem", role: "alert" });
    this.told = make("span", { class: "note", role: "status" });
    this.confirm = make("button", { type: "submit", class: danger ? "danger full" : "", text: confirm ?? label });
    const cancel = make("button", { type: "button", text: t("cancel") });
    this.title = make("h2", { id: `${name}-title`, text: label });
    this.dialog = make("dialog", { "aria-labelledby": `${name}-title` },
      make("form", { method: "dialog" }, this.title, make("p", { text }),
        make("label", { for: `${name}-field`, text: field }), this.input, this.problem,
        make("div", { class: "row end" }, cancel, this.confirm)));
    this.element = make("div", { class: "asking" }, this.button, this.told, this.dialog);
    this.button.addEventListener("click", () => {
      put(this.problem, "");
      this.dialog.showModal();
    });
    cancel.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go();
    });
  }

  label(text) {
    put(this.button, text);
    put(this.title, text);
    put(this.confirm, text);
  }

  async #go() {
    this.confirm.disabled = true;
    put(this.problem, "");
    try {
      put(this.told, (await this.act(this.input.value.trim())) ?? "");
      this.dialog.close();
    } catch (error) {
      put(this.problem, t("failed", { why: error.message }));
    } finally {
      this.confirm.disabled = false;
    }
  }
}

// A button that does one thing at once; while it does, it cannot be pressed again.
export function doing(text, act, onError, attributes = {}) {
  const button = make("button", { type: "button", text, ...attributes });
  button.addEventListener("click", async () => {
    button.disabled = true;
    onError("");
    try {
      await act();
    } catch (error) {
      onError(t("failed", { why: error.message }));
    } finally {
      button.disabled = false;
    }
  });
  return button;
}
