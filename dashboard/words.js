// Answers whose shape the page need not know, as plain lines and tables.

import { make } from "./elements.js";
import { asDated } from "./format.js";
import { t } from "./i18n/index.js";

const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;
const SENTENCES = ["summary", "answer", "words", "sentence", "text", "detail", "why", "reason", "reasons", "message"];

const spaced = (name) => name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replaceAll("_", " ").toLowerCase();
export const shown = (value) =>
  (value === null || value === undefined ? "–" : TIME.test(value) ? asDated(value) : typeof value === "object" ? JSON.stringify(value) : String(value));

// The sentences in an answer, in the order in which they come.
export function lines(answer) {
  if (typeof answer === "string") return [answer];
  if (Array.isArray(answer)) return answer.flatMap(lines);
  if (answer === null || typeof answer !== "object") return [];
  const told = SENTENCES.filter((name) => typeof answer[name] === "string" || Array.isArray(answer[name])).flatMap((name) => lines(answer[name]));
  const inner = Object.entries(answer).filter(([name, value]) => !SENTENCES.includes(name) && value !== null && typeof value === "object").flatMap(([, value]) => lines(value));
  return [...new Set([...told, ...inner])];
}

// Elements for any JSON object: its plain members as facts, its lists of objects as tables.
export function described(answer, empty) {
  const plain = Object.entries(answer).filter(([, value]) => value === null || typeof value !== "object");
  const found = [];
  if (plain.length) found.push(facts(plain));
  for (const [name, value] of Object.entries(answer)) {
    if (value === null || typeof value !== "object") continue;
    const rows = Array.isArray(value) ? value : null;
    if (rows && rows.length && rows.every((row) => row !== null && typeof row === "object")) found.push(make("h3", { text: spaced(name) }), table(rows));
    else if (rows && rows.length) found.push(make("h3", { text: spaced(name) }), make("p", { class: "note", text: rows.map(shown).join(", ") }));
    else if (!rows && Object.keys(value).length) {
      const members = Object.entries(value);
      const nested = members.filter(([, member]) => member !== null && typeof member === "object" && !Array.isArray(member));
      const table_ = nested.length === members.length ? table(nested.map(([key, member]) => ({ name: key, ...member }))) : facts(members);
      found.push(make("h3", { text: spaced(name) }), table_);
    }
  }
  return found.length ? found : [make("p", { class: "empty", text: empty })];
}

const facts = (members) => make("dl", { class: "facts" }, ...members.map(([name, value]) => make("div", {}, make("dt", { text: spaced(name) }), make("dd", { text: shown(value) }))));

export function table(rows, columns = Object.keys(rows[0]), { label = spaced } = {}) {
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": columns.map(label).join(", ") },
    make("table", { class: "plain" },
      make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col", text: label(name) })))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...columns.map((name, index) => make(index ? "td" : "th", { scope: index ? null : "row", text: shown(row[name]) })))))));
}

export const loading = () => make("p", { class: "note", text: t("loading") });
