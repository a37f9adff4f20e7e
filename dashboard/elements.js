// Building and changing the page.  Data becomes text and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

// make("p", {class: "note", text: "…"}, child, …): attributes by name, `text` for textContent.
export function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

// A moment in the reader's zone, with UTC on hover.
export function showTime(element, text, format, inUtc) {
  if (element.dateTime === text) return;
  element.dateTime = text;
  element.textContent = format(text);
  element.title = inUtc(text);
}

// Set a text; say whether it was another one before.  `flash` shows the reader that it changed.
export function put(element, text, { flash = false } = {}) {
  const before = element.textContent;
  if (before === text) return false;
  element.textContent = text;
  if (flash && before !== "" && before !== "–") light(element);
  return true;
}

export function light(element) {
  element.classList.remove("flash");
  void element.getBoundingClientRect(); // so that the animation starts over
  element.classList.add("flash");
  element.addEventListener("animationend", () => element.classList.remove("flash"), { once: true });
}

export function tone(element, value) {
  const number = Number(value);
  element.classList.toggle("up", number > 0);
  element.classList.toggle("down", number < 0);
}
