// The page's own words in the reader's language.  What the API says in words stays as it is.

import { en } from "./en.js";
import { zh } from "./zh.js";

const LANGUAGES = { en, zh };

export const language = document.documentElement.lang.startsWith("zh") ? "zh" : "en";
// Numbers and dates as the reader's own system writes them, if that is in the language shown.
export const locale = navigator.language.toLowerCase().startsWith(language) ? navigator.language : { en: "en", zh: "zh-CN" }[language];

// t("ago", {age: "5 min"}): each {name} of the text is replaced.
export function t(key, values = {}) {
  const text = LANGUAGES[language][key] ?? en[key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// A name that the API gives, in words of ours if there are any.
export const named = (prefix, name) => LANGUAGES[language][`${prefix}.${name}`] ?? en[`${prefix}.${name}`] ?? String(name).replaceAll("_", " ");

// Fill in what index.html marks with data-t (text) and data-t-label (aria-label).
export function translate(root = document) {
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of root.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
}
