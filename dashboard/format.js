// Numbers and times for people.  The API sends decimals as strings and times in UTC.

import { language, locale } from "./i18n/index.js";

const number = (options) => new Intl.NumberFormat(locale, options);
const money = number({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const small = number({ maximumSignificantDigits: 4 });
const whole = number({ maximumFractionDigits: 0 });
const large = number({ maximumFractionDigits: 1, notation: "compact" });
const quantity = number({ maximumFractionDigits: 8 });
const oneDigit = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = number({ style: "percent", maximumFractionDigits: 1 });
const exactPercent = number({ style: "percent", minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const moment = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const dated = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" });
const month = new Intl.DateTimeFormat(locale, { month: "short", year: "2-digit", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(locale, { month: "short", day: "numeric", timeZone: "UTC" });

export const MISSING = "–";

const known = (value) => value !== null && value !== undefined && value !== "";
const numeric = (format) => (value) => (known(value) ? format(Number(value)) : MISSING);

export const asMoney = numeric((value) => money.format(value).replace("-", "−"));
export const asQuantity = numeric((value) => quantity.format(value));
export const asScore = numeric((value) => signed(oneDigit, value));
export const asShare = numeric((value) => percent.format(value).replace("-", "−"));
export const asChange = numeric((value) => exactPercent.format(value).replace("-", "−"));
export const asGain = numeric((value) => signed(money, value));
export const asTick = numeric((value) => (Math.abs(value) >= 1000 ? large : small).format(value));

// A value of any size: two decimals are too many for a million and too few for 0.0004.
export const asFigure = numeric((value) => {
  const size = Math.abs(value);
  const format = size >= 1e6 ? large : size >= 10_000 ? whole : size >= 100 ? money : small;
  return format.format(value).replace("-", "−");
});

function signed(format, value) {
  const text = format.format(Math.abs(value));
  if (/^[0.,\s]*$/.test(text)) return text;
  return (value < 0 ? "−" : "+") + text;
}

const AGES = {
  en: { s: " s", min: " min", h: " h", d: " d" },
  zh: { s: " 秒", min: " 分钟", h: " 小时", d: " 天" },
}[language];

// Seconds to "12 s", "5 min", "3 h" or "4 d".
export function asAge(seconds) {
  if (!known(seconds)) return MISSING;
  if (seconds < 90) return Math.max(0, Math.round(seconds)) + AGES.s;
  if (seconds < 90 * 60) return Math.round(seconds / 60) + AGES.min;
  if (seconds < 36 * 3600) return Math.round(seconds / 3600) + AGES.h;
  return Math.round(seconds / 86400) + AGES.d;
}

export const asMoment = (text) => moment.format(new Date(text));
export const asDated = (text) => dated.format(new Date(text));
export const asDay = (text) => day.format(new Date(text));
export const asMonth = (text) => month.format(new Date(text));
export const asShortDay = (text) => shortDay.format(new Date(text));
export const inUtc = (text) => `${new Date(text).toISOString().slice(0, 19).replace("T", " ")} UTC`;
