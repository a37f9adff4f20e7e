// How one follows a strategy: the bounds of what it may do with one's money.

import { make, put } from "./elements.js";
import { asShare } from "./format.js";
import { t } from "./i18n/index.js";

const POSITIONS = ["0.1", "0.2", "0.25", "0.5", "0.75", "1"];
const LOSSES = ["", "0.01", "0.02", "0.05", "0.1", "0.2"];

export class GuardsForm {
  // onSave(wish) resolves when it is done and rejects with an error in words.
  constructor({ id, name, assets }, onSave) {
    this.assets = assets;
    this.shareId = `share-${id}`;
    this.share = make("select", { id: this.shareId });
    this.loss = make("select", { id: `loss-${id}` });
    this.allowed = assets.map((asset) => {
      const box = make("input", { type: "checkbox", value: asset });
      return { asset, box, label: make("label", { class: "check" }, box, make("span", { text: asset })) };
    });
    this.button = make("button", { type: "submit", text: t("followPlain") });
    this.problem = make("p", { class: "problem", role: "alert" });
    this.told = make("p", { class: "note", role: "status" });
    this.hint = make("p", { class: "note", text: t("onlyOne"), hidden: true });
    this.element = make("form", { class: "guards", "data-testid": id === "hodl-wave" ? "follow-form" : `follow-form-${id}`, "aria-label": `${t("guards")}: ${name}` },
      make("label", { for: this.shareId, text: t("share") }), this.share,
      make("label", { for: `loss-${id}`, text: t("dailyLoss") }), this.loss,
      make("fieldset", {}, make("legend", { text: t("allowed") }), ...this.allowed.map(({ label }) => label)),
      this.button, this.hint, this.problem, this.told);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(onSave);
    });
    this.element.addEventListener("change", () => {
      this.touched = true;
    });
  }

  show(following, button, strategy, blocked) {
    put(this.button, button);
    this.button.disabled = blocked;
    this.hint.hidden = !blocked;
    this.element.classList.toggle("blocked", blocked);
    if (this.touched || this.element.contains(document.activeElement)) return; // the reader is at it
    const guards = following ?? strategy;
    options(this.share, POSITIONS, guards.maxPosition, asShare);
    options(this.loss, LOSSES, guards.maxDailyLoss ?? "", (value) => (value === "" ? t("dailyLoss.none") : asShare(value)));
    const may = following?.allowedAssets ?? this.assets;
    for (const { asset, box } of this.allowed) box.checked = may.includes(asset);
  }

  async #save(onSave) {
    const chosen = this.allowed.filter(({ box }) => box.checked).map(({ asset }) => asset);
    this.button.disabled = true;
    put(this.problem, "");
    put(this.told, "");
    try {
      await onSave({
        maxPosition: this.share.value,
        maxDailyLoss: this.loss.value || null,
        allowedAssets: chosen.length === this.assets.length ? null : chosen,
      });
      this.touched = false;
      put(this.told, t("saved"));
      setTimeout(() => put(this.told, ""), 4000);
    } catch (error) {
      put(this.problem, error.message);
    } finally {
      this.button.disabled = false;
    }
  }
}

// A choice of shares that has the value in force, too, if it is another one.
function options(select, values, now, text) {
  const all = values.some((value) => Number(value) === Number(now) && (value === "") === (now === "")) ? values : [...values, now];
  if (select.dataset.now === now && select.options.length === all.length) return;
  select.dataset.now = now;
  select.replaceChildren(...all.map((value) => make("option", { value, text: text(value) })));
  select.value = all.find((value) => (value === "") === (now === "") && Number(value) === Number(now));
}
