// Language, colours, and who is signed in.

import { make } from "./elements.js";
import { language, t } from "./i18n/index.js";

function keep(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // storage may be forbidden: then it holds until the page is left
  }
}

export class Menu {
  constructor(place, session) {
    const languages = choice("language", t("language"), [["en", "English"], ["zh", "中文"]], language, (value) => {
      keep("automoney-language", value);
      location.reload();
    });
    const theme = choice("theme", t("theme"), ["auto", "light", "dark"].map((one) => [one, t(`theme.${one}`)]), document.documentElement.dataset.theme ?? "auto", (value) => {
      keep("automoney-theme", value);
      if (value === "auto") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = value;
    });
    const leave = make("button", { type: "button", text: t(session.local ? "otherToken" : "signOut"), "data-testid": "leave" });
    leave.addEventListener("click", () => {
      session.forget();
      if (session.local) this.onOther();
      else location.reload();
      place.querySelector("details").open = false;
    });
    place.querySelector(".panel").replaceChildren(...languages, ...theme, leave);
    const details = place.querySelector("details");
    addEventListener("pointerdown", ({ target }) => details.contains(target) || (details.open = false));
    details.addEventListener("keydown", ({ key }) => key === "Escape" && (details.open = false));
  }
}

function choice(id, label, options, now, act) {
  const select = make("select", { id, "data-testid": id }, ...options.map(([value, text]) => make("option", { value, text })));
  select.value = now;
  select.addEventListener("change", () => act(select.value));
  return [make("label", { for: id, text: label }), select];
}
