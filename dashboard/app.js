// The page: first paint over REST, then every event in place.

import { PortfolioPanel, StrategyPanel } from "./account.js";
import { Api, Problem, Unreachable } from "./rest.js";
import { AssetCard, readings } from "./asset_card.js";
import { find, put, showTime } from "./elements.js";
import { Feed } from "./feed.js";
import { asDated, asMoment, inUtc } from "./format.js";
import { decisionRows, inWords, Log, Sources, tradeRows } from "./lists.js";
import { Session } from "./session.js";

const REMEMBERED = 20; // events shown in the log from before the page was opened
const POLL = 15_000; // scores, while there is no socket (description 5.2)
const REFRESH = { live: 5000, other: 2000 }; // prices and health, which no event carries
const REVALUE = 3; // the portfolio, in every third of those rounds
const RETRY = 3000;

const ECONOMY = { fed_funds: "Fed funds rate, %", us10y: "10-year yield, %", us2y: "2-year yield, %", cpi: "Consumer prices", m2: "Money stock M2, bn $", dollar_index: "Dollar index", fear_greed: "Fear and greed" };
const WORLDS = {
  live: { label: "LIVE MARKET" },
  recorded: { label: "RECORDED" },
  synthetic: { label: "SYNTHETIC", ribbon: "Synthetic data: these prices are generated. Nothing on this page happened on a market." },
};

class Page {
  constructor() {
    this.session = new Session();
    const base = document.querySelector("meta[name=automoney-api]").content.replace(/\/$/, "");
    this.api = new Api(base, this.session, (reachable) => this.#reached(reachable));
    this.reachable = true;
    this.link = "connecting";
    this.cards = new Map();
    this.changes = 0; // counts pushed portfolios: an older answer must not undo a newer push
    this.portfolio = new PortfolioPanel(find("portfolio"));
    this.strategyPanel = new StrategyPanel(find("strategy"), (share) => this.#follow(share));
    this.decisions = decisionRows(find("decisions"));
    this.trades = tradeRows(find("trades"));
    this.log = new Log(find("log"));
    this.sources = new Sources(find("sources"));
    this.feed = new Feed({
      api: this.api,
      onEvent: (envelope) => this.#event(envelope),
      onState: (state, reason) => this.#linked(state, reason),
      onReset: () => location.reload(),
    });
    addEventListener("offline", () => this.#reached(false));
    addEventListener("online", () => this.#refreshNow());
    find("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.session.bring(find("token").value);
      location.reload(); // everything starts over as the one whose token it is
    });
  }

  async open() {
    if (await this.session.open()) await this.#start();
    else this.#askForToken("");
  }

  async #start() {
    try {
      await this.#firstPaint();
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.#askForToken(error.message);
      else {
        this.#say(error.message);
        setTimeout(() => this.#start(), Math.max(RETRY, error.retryAfter ?? 0));
      }
      return;
    }
    this.#say("");
    this.feed.start(this.seq);
    this.#refreshLater(1);
    setInterval(() => this.#poll(), POLL);
  }

  async #firstPaint() {
    // Events come first: what happens while the rest is read is then told once more, not lost.
    const { lastSeq } = await this.api.get("/api/events?limit=0");
    const past = await this.api.get(`/api/events?since=${Math.max(0, lastSeq - REMEMBERED)}&limit=${REMEMBERED}`);
    const [health, strategies, portfolio, decisions, trades] = await Promise.all([
      this.api.get("/api/health"),
      this.api.get("/api/strategies"),
      this.api.get("/api/portfolio"),
      this.api.get("/api/decisions?limit=12"),
      this.api.get("/api/trades?limit=12"),
    ]);
    find("token-form").hidden = true;
    find("content").hidden = false;
    find("user").hidden = !this.session.user;
    put(find("user"), this.session.user);
    this.seq = past.events.at(-1)?.seq ?? lastSeq;
    this.paperMoney = strategies.paperMoney;
    this.#health(health);
    this.#strategy(strategies.strategies[0]);
    this.portfolio.show(portfolio, { flash: false });
    this.decisions.fill(decisions.decisions);
    this.trades.fill(trades.trades);
    for (const envelope of past.events) this.log.add(envelope, { flash: false });
    for (const asset of this.strategy.assets) this.#card(asset);
    await Promise.all([this.#scores(), this.#prices(), this.#days()]);
  }

  // ------------------------------------------------------------ parts

  #card(asset) {
    if (!this.cards.has(asset)) {
      const card = new AssetCard(asset);
      this.cards.set(asset, card);
      find("assets").append(card.element);
    }
    return this.cards.get(asset);
  }

  #strategy(strategy) {
    this.strategy = strategy;
    this.strategyPanel.show(strategy, this.paperMoney);
  }

  #health(health) {
    this.world = health.world;
    const { label, ribbon } = WORLDS[health.world] ?? { label: health.world.toUpperCase() };
    const world = find("world");
    world.hidden = false;
    world.dataset.world = health.world;
    put(world, health.world === "live" ? label : `${label} · ${asDated(health.marketTime)}`);
    world.title = `The market's time is ${inUtc(health.marketTime)}`;
    find("ribbon").hidden = !ribbon;
    put(find("ribbon"), ribbon ?? "");
    const clock = health.world === "live" ? "Market time" : "Simulated market time";
    put(find("clock"), `${clock}: ${inUtc(health.marketTime)}.`);
    this.sources.show(health);
    this.marketTime = health.marketTime;
    this.priced ||= "collect_prices" in health.sources;
  }

  #showScores(scores) {
    for (const view of Object.values(scores.assets)) this.#card(view.asset).showView(view, scores.slot, this.strategy);
  }

  // Asked for only once there are any: a 404 that is expected would still be red in the console.
  async #scores() {
    if (!this.strategy.lastRun) await this.#strategies();
    if (!this.strategy.lastRun) {
      for (const card of this.cards.values()) card.showWaiting(`No run yet: the first comes at ${asMoment(this.strategy.nextRun)}.`);
      return;
    }
    const scores = await this.api.getIfChanged(`/api/agents/scores?strategyId=${encodeURIComponent(this.strategy.id)}`);
    if (scores && !(scores.slot < this.slot)) {
      this.slot = scores.slot;
      this.#showScores(scores);
    }
  }

  async #strategies() {
    this.#strategy((await this.api.get("/api/strategies")).strategies[0]);
  }

  async #prices() {
    if (!this.priced) {
      for (const card of this.cards.values()) card.showMissing("No price has been collected yet.");
      find("economy").replaceChildren(...readings({}, ECONOMY));
      return;
    }
    const { markets } = await this.api.get("/api/market");
    for (const [asset, card] of this.cards) {
      if (markets[asset]) card.showMarket(markets[asset]);
      else card.showMissing(`No price of ${asset} has been collected yet.`);
    }
    const market = Object.values(markets).find((one) => one !== null);
    if (market) find("economy").replaceChildren(...readings({ ...market.macro, ...market.sentiment }, ECONOMY));
  }

  async #days() {
    this.daysOf = this.marketTime.slice(0, 10);
    await Promise.all([...this.cards].map(async ([asset, card]) => {
      const { candles } = await this.api.get(`/api/market/${encodeURIComponent(asset)}/candles?timeframe=1d&limit=365`);
      card.showDays(candles);
    }));
  }

  async #follow(maxPosition) {
    const strategy = await this.api.post(`/api/strategies/${encodeURIComponent(this.strategy.id)}/follow`, { maxPosition });
    this.#strategy(strategy);
    this.portfolio.show(await this.api.get("/api/portfolio"));
  }

  // ------------------------------------------------------------ what changes

  #event(envelope) {
    const { event, data } = envelope;
    this.log.add(envelope);
    if (event === "agent:scores") {
      if (data.strategyId !== this.strategy.id) return;
      this.slot = data.slot;
      this.#showScores(data);
    } else if (event === "decision:made") {
      this.decisions.add({ ...data, at: envelope.at });
    } else if (event === "trade:executed") {
      this.trades.add(data);
      put(find("announcer"), inWords(envelope));
    } else if (event === "portfolio:update") {
      this.changes += 1;
      this.portfolio.show(data);
    }
  }

  // Prices and health again and again: some 15 to 40 requests a minute.  Less often after a failure
  // and in a page that nobody sees, and not before the API has said that it will answer again.
  #refreshLater(round, slower = 1, atLeast = 0) {
    const wait = Math.max(atLeast, slower * (this.world === "live" ? REFRESH.live : REFRESH.other));
    this.next = setTimeout(() => this.#refresh(round), document.hidden ? 4 * wait : wait);
  }

  async #refresh(round) {
    this.next = null;
    try {
      this.#health(await this.api.get("/api/health"));
      await this.#prices();
      if (round % REVALUE === 0) await this.#revalue();
      if (this.marketTime >= this.strategy.nextRun) await this.#strategies();
      if (this.marketTime.slice(0, 10) !== this.daysOf) await this.#days();
      this.#say("");
      this.#refreshLater(round + 1);
    } catch (error) {
      this.#failed(error);
      if (!this.stopped) this.#refreshLater(round + 1, 2, error.retryAfter);
    }
  }

  #refreshNow() {
    if (!this.next) return; // still at the first paint, or at it already
    clearTimeout(this.next);
    this.#refresh(0);
  }

  // What is held is worth something else now; a push that came in between knows better.
  async #revalue() {
    const changes = this.changes;
    const portfolio = await this.api.get("/api/portfolio");
    if (changes === this.changes) this.portfolio.show(portfolio, { flash: false });
  }

  async #poll() {
    if (this.link === "live" || this.stopped) return;
    try {
      await Promise.all([this.#scores(), this.feed.catchUp()]);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (error instanceof Problem && error.status === 401) this.#askForToken(error.message);
    // That it cannot be reached is said by the connection's own label.
    else if (error instanceof Unreachable) this.#say("");
    else this.#say(error.message);
  }

  // ------------------------------------------------------------ how it is connected

  #linked(state, reason) {
    this.link = state;
    this.reason = reason;
    this.#showConnection();
    if (state === "down") this.#poll();
  }

  #reached(reachable) {
    this.reachable = reachable;
    this.#showConnection();
  }

  #showConnection() {
    const state = !this.reachable ? "offline" : this.link === "down" ? "polling" : this.link;
    const element = find("connection");
    element.dataset.state = state;
    element.title = state === "live" ? "Changes are pushed as they happen" : this.reason ?? "";
    put(element, { live: "Live", connecting: "Connecting…", polling: "Polling every 15 s", offline: "Offline" }[state]);
  }

  #say(words) {
    find("notice").hidden = words === "";
    put(find("notice"), words);
  }

  #askForToken(words) {
    this.stopped = true;
    find("content").hidden = true;
    find("token-form").hidden = false;
    this.#say(words);
  }
}

new Page().open();
