// The assets' cards: prices, days, scores of the chosen strategy, trades.

import { AssetCard } from "./asset_card.js";
import { find, make } from "./elements.js";
import { asMoment } from "./format.js";
import { t } from "./i18n/index.js";
import { ECONOMY, readings } from "./readings.js";

const DAYS = 480; // a year, and what the slowest mean needs before it
const WEEKS = 330;
const MOST_TRADES = 500;

export class Markets {
  constructor(api, status) {
    Object.assign(this, { api, status });
    this.cards = new Map();
    this.closes = {}; // by asset: closes by UTC day, as numbers
    this.trades = [];
    this.slot = "";
    this.priced = false;
  }

  // The followed one first, as the API gives them: its scores are shown until the reader wants others.
  showStrategies(strategies) {
    this.strategies = strategies;
    this.strategy = strategies.find(({ id }) => id === this.chosen) ?? strategies[0];
    for (const asset of this.strategy.assets) this.#card(asset);
    const place = find("judging");
    place.hidden = strategies.filter(({ lastRun }) => lastRun).length < 2;
    place.replaceChildren(...strategies.map((one) => {
      const button = make("button", { type: "button", text: one.name, "aria-pressed": String(one === this.strategy) });
      button.addEventListener("click", () => this.#choose(one.id));
      return button;
    }));
  }

  async load() {
    await Promise.all([this.scores(), this.prices(), this.days()]);
  }

  async #choose(id) {
    this.chosen = id;
    this.slot = "";
    this.showStrategies(this.strategies);
    this.api.kept.delete(this.#path());
    await this.scores().catch((error) => this.status.set("scores", [{ level: "warn", text: error.message }]));
  }

  #path() {
    return `/api/agents/scores?strategyId=${encodeURIComponent(this.strategy.id)}`;
  }

  // Asked for only once there are any: a 404 that is expected would still be red in the console.
  async scores() {
    if (!this.strategy.lastRun && !this.slot) this.showStrategies((await this.api.get("/api/strategies")).strategies);
    if (!this.strategy.lastRun && !this.slot) {
      const reason = this.strategy.paused ? t("noRunPaused") : t("noRunUntil", { at: asMoment(this.strategy.nextRun) });
      for (const card of this.cards.values()) card.showWaiting(reason);
      return;
    }
    const scores = await this.api.getIfChanged(this.#path());
    if (scores && scores.strategyId === this.strategy.id && !(scores.slot < this.slot)) this.#showScores(scores);
  }

  pushed(scores) {
    if (scores.strategyId === this.strategy.id) this.#showScores({ ...scores, stale: false });
  }

  #showScores(scores) {
    this.slot = scores.slot;
    const views = Object.values(scores.assets);
    for (const view of views) this.#card(view.asset).showView(view, scores.slot, this.strategy, scores.stale);
    const issues = views.filter(({ degraded }) => degraded).map(({ asset }) => ({ level: "warn", text: t("status.degraded", { asset }) }));
    if (scores.stale) issues.unshift({ level: "bad", text: t("status.stale", { name: this.strategy.name }) });
    this.status.set("scores", issues);
    if (issues.length === 0) this.status.set("told", []);
  }

  async prices() {
    if (!this.priced) {
      for (const card of this.cards.values()) card.showMissing(t("noPrices"));
      find("economy").replaceChildren(...readings({}, ECONOMY));
      return;
    }
    const { markets } = await this.api.get("/api/market");
    for (const [asset, card] of this.cards) {
      if (markets[asset]) card.showMarket(markets[asset]);
      else card.showMissing(t("noPriceOf", { asset }));
    }
    const market = Object.values(markets).find((one) => one !== null);
    if (market) {
      find("economy").replaceChildren(...readings({ ...market.macro, ...market.sentiment }, ECONOMY));
      this.day ??= market.at.slice(0, 10);
    }
  }

  async days() {
    await Promise.all([...this.cards].map(async ([asset, card]) => {
      const candles = await this.#candles(asset, "1d", DAYS);
      this.closes[asset] = new Map(candles.map(({ openTime, close }) => [openTime.slice(0, 10), Number(close)]));
      card.showDays(candles);
    }));
  }

  async #candles(asset, timeframe, limit) {
    return (await this.api.get(`/api/market/${encodeURIComponent(asset)}/candles?timeframe=${timeframe}&limit=${limit}`)).candles;
  }

  showTrades(trades) {
    this.trades = trades;
    for (const card of this.cards.values()) card.chart.showTrades(trades);
  }

  showTrade(trade) {
    const known = this.trades.some(({ executionId, asset }) => executionId === trade.executionId && asset === trade.asset);
    if (!known) this.showTrades([trade, ...this.trades].slice(0, MOST_TRADES));
  }

  #card(asset) {
    if (!this.cards.has(asset)) {
      const card = new AssetCard(asset, (name) => this.#candles(name, "1w", WEEKS));
      card.chart.showTrades(this.trades);
      this.cards.set(asset, card);
      find("assets").append(card.element);
    }
    return this.cards.get(asset);
  }
}
