// The shapes of what is pushed, for editors and `tsc --checkJs`.  Decimals are strings, times are
// ISO 8601 in UTC, ending in Z.

/**
 * @typedef {"agent:scores" | "decision:made" | "trade:executed" | "portfolio:update"
 *   | "data:degraded" | "strategy:paused" | "strategy:resumed"} EventName
 */

/**
 * One event of a user; `seq` counts from 1 without gaps.
 * @template {string} Name
 * @template Data
 * @typedef {{event: Name, seq: number, at: string, data: Data}} Envelope
 */

/**
 * @typedef {{name: string, value: number | null, contribution: number, note: string, ageHours: number | null}} Factor
 * @typedef {{agent: string, score: number, confidence: number, reasoning: string, degraded: boolean,
 *   judge: string, model: string | null, fellBack: boolean, judgedAt: string, sources: string[], factors: Factor[]}} Score
 * @typedef {{asset: string, price: string, conviction: string, degraded: boolean,
 *   weights: Record<string, string>, scores: Record<string, Score>}} View
 * @typedef {{strategyId: string, executionId: string, slot: string, assets: Record<string, View>}} Scores
 * @typedef {{strategyId: string, executionId: string, asset: string, signal: "BUY" | "SELL" | "HOLD", rule: string,
 *   conviction: string, weight: string, targetWeight: string, reasoning: string,
 *   order: {status: "filled" | "refused" | "none", reason: string | null, detail: string | null}}} Decision
 * @typedef {{strategyId: string, executionId: string, asset: string, action: "BUY" | "SELL", price: string,
 *   markPrice: string, quantity: string, notional: string, fee: string, at: string}} Trade
 * @typedef {{asset: string, quantity: string, averageCost: string, price: string, priceAt: string, value: string,
 *   unrealisedPnl: string}} Holding
 * @typedef {{totalValue: string, cash: string, pnl: string, realisedPnl: string, unrealisedPnl: string, fees: string,
 *   deposits: string, holdings: Holding[]}} Portfolio
 */

/**
 * @typedef {Envelope<"agent:scores", Scores> | Envelope<"decision:made", Decision> | Envelope<"trade:executed", Trade>
 *   | Envelope<"portfolio:update", Portfolio> | Envelope<"data:degraded", Record<string, unknown>>
 *   | Envelope<"strategy:paused", Record<string, unknown>> | Envelope<"strategy:resumed", Record<string, unknown>>} AnyEvent
 */

/**
 * What to hear: all events, or those of one name or of one strategy.
 * @typedef {{event?: EventName | null, strategyId?: string | null}} Subscription
 */

/**
 * How it is connected: `live` over a socket; `polling` without one; `offline` when REST does not answer either.
 * @typedef {"connecting" | "live" | "polling" | "offline" | "stopped"} State
 */

export {};
