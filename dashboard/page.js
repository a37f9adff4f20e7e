// The page of one who is signed in: first everything over REST, then every event in place.

import { inWords, Log } from "./activity.js";
import { Problem, Unreachable } from "./client/index.js";
import { Decisions } from "./decisions.js";
import { find, put } from "./elements.js";
import { asAge, asMoment } from "./format.js";
import { Chat } from "./chat.js";
import { t } from "./i18n/index.js";
import { Markets } from "./markets.js";
import { KillSwitch, showOptional } from "./operations.js";
import { PortfolioPanel } from "./portfolio.js";
import { paged, Routes } from "./routes.js";
import { Sources } from "./sources.js";
import { Status } from "./status.js";
import { StrategiesPanel } from "./strategies.js";
import { strategyActs } from "./strategy_acts.js";
import { Trades } from "./trades.js";
import { pauseIssues, showWorld } from "./world.js";

const REMEMBERED = 20; // events shown in the log from before the page was opened
const REFRESH = { live: 5000, other: 4000 }; // milliseconds: prices and health, which no event carries
const REVALUE = 4; // the portfolio, in every fourth of those rounds
const ROWS = 12;
const READ_OUT = new Set(["trade:executed", "data:degraded", "strategy:paused", "strategy:resumed"]); // by screen readers

export class Page {
  // say(words) shows a notice, refused(words) asks for another token.
  constructor(client, session, { say, refused }) {
    Object.assign(this, { client, session, say, refused });
    this.api = client.api;
    this.routes = new Routes();
    this.status = new Status(find("status"));
    this.markets = new Markets(this.api, this.status);
    this.changes = 0; // counts pushed portfolios: an older answer must not undo a newer push
    this.acts = strategyActs(this.api, this.routes, session, {
      strategies: () => this.#strategies(), pause: (pause) => this.#paused(pause), account: () => this.#account(),
    });
    this.portfolio = new PortfolioPanel(find("portfolio"), (amount) => this.#startOver(amount));
    this.strategies = new StrategiesPanel(find("strategies"), this.acts);
    this.decisions = new Decisions(find("decisions"), {
      onExplain: (id) => this.api.get(`/api/executions/${encodeURIComponent(id)}`),
      onOlder: (query) => this.#older("decisions", query),
    });
    this.trades = new Trades(find("trades"), {
      onOlder: (query) => this.#older("trades", query), onFile: () => this.api.send("GET", "/api/trades.csv"), onError: say,
    });
    this.log = new Log(find("log"));
    this.sources = new Sources(find("sources"));
    this.chat = new Chat(find("chat"), (asking) => this.api.post("/api/chat", asking));
    this.kill = new KillSwitch(find("kill"), { isOps: session.isOps, onSet: (on, reason, scope) => this.api.post("/api/kill-switch", { on, reason, scope }) });
    this.kill.onShown = (on, reason) => this.status.set("kill", on ? [{ level: "bad", text: t("status.kill", { why: reason }) }] : []);
  }

  async open() {
    // Events come first: what happens while the rest is read is then told once more, not lost.
    const { lastSeq } = await this.api.get("/api/events?limit=0");
    const [past, health, strategies, portfolio, decisions, trades] = await Promise.all([
      this.api.get(`/api/events?since=${Math.max(0, lastSeq - REMEMBERED)}&limit=${REMEMBERED}`),
      this.api.get("/api/health"),
      this.api.get("/api/strategies"),
      this.api.get("/api/portfolio"),
      this.api.get(`/api/decisions?limit=${ROWS}`),
      this.api.get("/api/trades?limit=200"),
      this.routes.load(this.api),
    ]);
    this.#health(health);
    this.#showStrategies(strategies);
    this.markets.priced = "collect_prices" in health.sources;
    const [history] = await Promise.all([
      this.api.get("/api/portfolio/history?limit=200"),
      this.markets.load(),
      ...strategies.strategies.filter(({ following, paused }) => following || paused).map(async ({ id }) => this.#paused(await this.api.get(`/api/strategies/${encodeURIComponent(id)}/pause`))),
      showOptional(this),
    ]);
    this.portfolio.show(portfolio, { flash: false });
    this.portfolio.showHistory(history.days, this.markets.closes, strategies.costs.fee);
    for (const { rows } of [this.decisions, this.trades]) rows.clear();
    const { rows, next } = paged(decisions, "decisions");
    this.decisions.rows.fill(rows, next);
    this.#showTrades(trades);
    this.log.place.replaceChildren();
    if (past.events.length === 0) this.log.place.append(this.log.empty);
    for (const envelope of past.events) this.log.add(envelope, { flash: false });
    this.#reveal();
    this.#listen();
    await this.client.start(past.events.at(-1)?.seq ?? lastSeq);
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.next);
    this.client.stop();
  }

  #reveal() {
    this.say("");
    find("user").hidden = !this.session.user;
    put(find("user"), this.session.user + (this.session.isOps ? " · ops" : ""));
    for (const id of ["token-form", "skeleton"]) find(id).hidden = true;
    find("content").hidden = false;
  }

  #listen() {
    if (this.listening) return;
    this.listening = true;
    this.client.on("event", (envelope) => this.#event(envelope));
    this.client.on("poll", () => this.#quietly(() => this.markets.scores()));
    this.client.on("error", (error) => this.#failed(error));
    addEventListener("online", () => this.#refreshNow());
    this.#refreshLater(1);
  }

  // ------------------------------------------------------------ parts

  #health(health) {
    showWorld(health);
    this.sources.show(health);
    this.status.health(health);
    this.world = health.world;
    this.marketTime = health.marketTime;
    this.priceAge = health.sources.collect_prices?.ageSeconds;
    this.#wellbeing();
  }

  #wellbeing() {
    this.status.tell({ prices: this.priceAge === undefined ? "" : asAge(this.priceAge), next: this.markets.strategy?.paused === false ? asMoment(this.markets.strategy.nextRun) : "" });
  }

  #showStrategies(answer) {
    this.paperMoney = answer.paperMoney;
    this.fee = answer.costs.fee;
    this.names = new Map(answer.strategies.map(({ id, name }) => [id, name]));
    this.strategies.show(answer);
    this.markets.showStrategies(answer.strategies);
    this.#wellbeing();
  }

  async #strategies() {
    this.#showStrategies(await this.api.get("/api/strategies"));
  }

  #paused(pause) {
    this.strategies.showPause(pause);
    this.status.set(`pause ${pause.strategyId}`, pauseIssues(this.names.get(pause.strategyId), pause));
  }

  #showTrades(answer) {
    const { rows, next } = paged(answer, "trades");
    this.trades.rows.fill(rows.slice(0, ROWS), rows.length > ROWS ? "" : next);
    this.markets.showTrades(rows);
  }

  async #older(name, query) {
    return paged(await this.api.get(`/api/${name}?limit=50${query ? `&${query}` : ""}`), name);
  }

  async #account() {
    this.changes += 1;
    this.portfolio.show(await this.api.get("/api/portfolio"));
  }

  async #startOver(amount) {
    await this.api.post("/api/portfolio/start-over", { paperMoney: amount });
    location.reload(); // another history, other decisions: everything is asked for anew
  }

  // ------------------------------------------------------------ what changes

  #event(envelope) {
    const { event, data } = envelope;
    this.log.add(envelope);
    if (READ_OUT.has(event)) put(find("announcer"), inWords(envelope));
    if (event === "agent:scores") this.markets.pushed(data);
    else if (event === "decision:made") this.decisions.rows.add({ ...data, at: envelope.at });
    else if (event === "trade:executed") {
      this.trades.rows.add(data);
      this.markets.showTrade(data);
    } else if (event === "portfolio:update") {
      this.changes += 1;
      this.portfolio.show(data);
    } else if (event === "data:degraded") {
      this.status.set("told", [{ level: "warn", text: inWords(envelope) }]);
    } else if (event === "strategy:paused" || event === "strategy:resumed") {
      this.#quietly(() => this.#pausedOrResumed(data.strategyId));
    }
  }

  async #pausedOrResumed(id) {
    await this.#strategies();
    if (this.names.has(id)) this.#paused(await this.api.get(`/api/strategies/${encodeURIComponent(id)}/pause`));
  }

  // Prices and health again and again: some 20 requests a minute.  Less often after a failure and in
  // a page that nobody sees, and not before the API has said that it will answer again.
  #refreshLater(round, slower = 1, atLeast = 0) {
    const wait = Math.max(atLeast, slower * (this.world === "live" ? REFRESH.live : REFRESH.other));
    clearTimeout(this.next);
    if (!this.stopped) this.next = setTimeout(() => this.#refresh(round), document.hidden ? 4 * wait : wait);
  }

  async #refresh(round) {
    this.next = null;
    try {
      const health = await this.api.get("/api/health");
      this.#health(health);
      this.markets.priced ||= "collect_prices" in health.sources;
      await this.markets.prices();
      if (round % REVALUE === 0) await this.#revalue();
      if (this.marketTime >= this.markets.strategy.nextRun) await this.#strategies();
      if (this.marketTime.slice(0, 10) !== this.markets.day) await this.#newDay();
      this.#refreshLater(round + 1);
    } catch (error) {
      this.#failed(error);
      this.#refreshLater(round + 1, 2, error.retryAfter);
    }
  }

  #refreshNow() {
    if (this.next) this.#refresh(0);
  }

  // What is held is worth something else now; a push that came in between knows better.
  async #revalue() {
    const changes = this.changes;
    const portfolio = await this.api.get("/api/portfolio");
    if (changes === this.changes) this.portfolio.show(portfolio, { flash: false });
  }

  async #newDay() {
    this.markets.day = this.marketTime.slice(0, 10);
    await this.markets.days();
    const { days } = await this.api.get("/api/portfolio/history?limit=200");
    this.portfolio.showHistory(days, this.markets.closes, this.fee);
  }

  async #quietly(act) {
    try {
      await act();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    if (error instanceof Problem && error.status === 401) this.refused(error.message);
    // That it cannot be reached is said by the connection's own label.
    else if (!(error instanceof Unreachable) && error.status !== 429) this.say(error.message);
  }
}
