// What was traded, and as a file for a spreadsheet.

import { doing } from "./asking.js";
import { side, when } from "./decisions.js";
import { make } from "./elements.js";
import { asMoney, asQuantity } from "./format.js";
import { t } from "./i18n/index.js";
import { Rows } from "./rows.js";

export class Trades {
  // onFile() gives the response with the file; onOlder(cursor) older trades.
  constructor(place, { onOlder, onFile, onError }) {
    this.rows = new Rows(place, {
      empty: t("noTrade"),
      key: ({ executionId, asset }) => `${executionId} ${asset}`,
      element: (trade) => make("li", {},
        make("p", { class: "line" }, side(trade.action), make("b", { text: `${asQuantity(trade.quantity)} ${trade.asset}` }), when(trade.at)),
        make("p", { class: "note", text: t("tradeNote", { notional: asMoney(trade.notional), price: asMoney(trade.price), fee: asMoney(trade.fee) }) })),
      onOlder,
    });
    this.download = doing(t("csv"), async () => save(await (await onFile()).blob(), "automoney-trades.csv"), onError, { class: "link", "data-testid": "csv", hidden: true });
    place.parentElement.querySelector("h2").after(this.download);
  }
}

// The token goes in a header, so a plain link would not do.
function save(blob, name) {
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
