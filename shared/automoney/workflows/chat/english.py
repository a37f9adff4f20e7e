"""What the rules answer in English: sentences with places for facts, and words for our own names.

Whatever differs from one answer to the next is a place: a number in here would be said uncited.
"""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "price": "{asset} is at {price} USDT, {age} old, from {source}.",
        "no_price": "There is no price of {asset} yet.",
        "no_run": "{strategy} has not judged anything yet; it runs next at {next} UTC.",
        "view": "{strategy} sees {asset} at a conviction of {conviction} (run of {slot} UTC).",
        "score": "The {agent} agent says {score} and counts {weight}.",
        "score_degraded": "The {agent} agent says {score}, degraded, and counts {weight}.",
        "for": "Most for it: {factor} ({points}).",
        "against": "Most against it: {factor} ({points}).",
        "not_following": "You do not follow {strategy}, so nothing was decided for you.",
        "no_decision": "Nothing has been decided for you about {asset} yet.",
        "why_buy": "At {slot} UTC it bought {asset}: the conviction of {conviction} reaches {buy},"
        " so your share was to grow from {weight} to {target}.",
        "why_sell": "At {slot} UTC it sold {asset}: the conviction of {conviction} is at or below"
        " {sell}, so your share was to shrink from {weight} to {target}.",
        "why_exit": "At {slot} UTC it sold all {asset}: the conviction of {conviction} is far below"
        " {sell}; your share before was {weight}.",
        "why_between": "At {slot} UTC it neither bought nor sold {asset}: the conviction of"
        " {conviction} lies between {sell}, where it sells, and {buy}, where it buys.",
        "why_full": "At {slot} UTC it did not buy {asset}: the conviction of {conviction} reaches"
        " {buy}, but your share of {weight} is as much as that allows.",
        "why_light": "At {slot} UTC it did not sell {asset}: the conviction of {conviction} is at"
        " or below {sell}, but your share of {weight} is as little as that asks for.",
        "why_out": "At {slot} UTC it stayed out of {asset}: the conviction of {conviction} is at or"
        " below {sell}, and you hold none.",
        "why_band": "At {slot} UTC it left {asset} alone: the conviction of {conviction} would"
        " change your share of {weight} by too little to be worth an order.",
        "why_cooldown": "At {slot} UTC it left {asset} alone at a conviction of {conviction}: it"
        " had traded it too short a time before.",
        "why_daily_loss": "At {slot} UTC it bought no {asset} at a conviction of {conviction}: the"
        " day's loss had reached the limit, and nothing is bought until the next UTC day.",
        "why_not_allowed": "At {slot} UTC it bought no {asset} at a conviction of {conviction}: it"
        " is not among the assets that you allow.",
        "why_paused": "At {slot} UTC it left {asset} alone at a conviction of {conviction}: you had"
        " paused it or left.",
        "why_other": "At {slot} UTC it decided {signal} for {asset}, at a conviction of"
        " {conviction}.",
        "refused": "No order came of it: {reason}.",
        "take_buy": "To buy {asset}, the conviction has to rise by {gap} from {conviction} to"
        " {buy}.",
        "take_sell": "To sell {asset}, it has to fall by {gap} from {conviction} to {sell}.",
        "would_buy": "The conviction of {conviction} for {asset} reaches {buy} already: it buys as"
        " far as your limits and what you hold allow.",
        "would_sell": "The conviction of {conviction} for {asset} is at or below {sell} already: it"
        " sells what you hold beyond what that allows.",
        "alone_buy": "If only the {agent} score moved, it would have to rise by {points}.",
        "alone_sell": "If only the {agent} score moved, it would have to fall by {points}.",
        "no_account": "You have no account yet: follow a strategy and one is opened, with paper"
        " money.",
        "no_value": "Your portfolio cannot be valued now: something you hold has no price.",
        "equity": "Your portfolio is worth {equity} USDT, of which {cash} is cash; gain or loss"
        " since the start: {pnl} USDT ({return}).",
        "split": "Of that {realised} is realised and {unrealised} is not.",
        "holding": "You hold {quantity} {asset}, worth {value} USDT ({share}), at an average cost"
        " of {cost}; on it stands {pnl} USDT.",
        "no_holding": "You hold no coins.",
        "trade": "{at} UTC: {side} {quantity} {asset} at {price} USDT, worth {notional},"
        " fee {fee}.",
        "no_trades": "There have been no trades yet.",
        "reading": "{series}: {value} ({age} old).",
        "reading_stale": "{series}: {value} ({age} old, stale).",
        "reading_filled": "{series}: {value} (filled in, not the source's own).",
        "no_data": "Nothing has been collected about {asset} yet.",
        "schedule": "{strategy} runs by the cron {cron} (UTC): last at {last}, next at {next}.",
        "first_run": "{strategy} runs by the cron {cron} (UTC), for the first time at {next}.",
        "bounds": "It buys from a conviction of {buy} and sells from {sell}.",
        "following": "You follow it.",
        "paused": "It is paused as a whole: {reason}.",
        "own_pause": "You have paused it for yourself: {reason}.",
        "costs": "A trade costs you {fee} of its worth as a fee and {slippage} by slippage.",
        "fees": "So far that was {fees} USDT in fees.",
        "unknown_coin": "Nothing is known about {coins}. Watched are: {known}.",
        "not_understood": "I did not understand what you want to know.",
        "help": "Ask, for example: Why did it not buy BTC? What do the agents think? How is my"
        " portfolio? What did it trade? What is the price? How old is the data? What would it take"
        " to buy? When does it run next? What does trading cost? With “look again” the agents take"
        " a fresh look, without trading.",
        "look": "The agents take a fresh look now, without trading; watch the run {run}.",
        "look_later": "You had a fresh look a short while ago; the next one may be taken from {at}"
        " UTC on.",
        "models_silent": "No language model answered, so this is the rules' answer.",
        "model_unusable": "The language model's answers could not be held against the facts, so"
        " this is the rules' answer.",
        "budget": "The budget for language models is spent; the rules' answers stay free.",
    }
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "macro": "macro",
        "onchain": "on-chain",
        "technical": "technical",
        "BUY": "buy",
        "SELL": "sell",
        "HOLD": "hold",
        "funds": "there was not enough cash",
        "minimum": "it would have been smaller than the smallest order",
        "lot": "it would have been less than one lot",
        "h": "h",
        "d": "days",
        "min": "min",
        # series
        "mvrv_z": "MVRV Z-Score",
        "mvrv": "MVRV",
        "nvt": "NVT",
        "exchange_netflow": "net flow into exchanges",
        "lth_supply_change": "change of long-term holders' coins",
        "active_addresses": "active addresses",
        "fed_funds": "federal funds rate",
        "m2": "US M2",
        "us10y": "10-year yield",
        "us2y": "2-year yield",
        "cpi": "US CPI",
        "dollar_index": "dollar index",
        "fear_greed": "Fear & Greed",
        # factors that are not called as a series is
        "fed_funds_change": "change of the federal funds rate",
        "us10y_change": "change of the 10-year yield",
        "m2_growth": "growth of M2",
        "m2_impulse": "turn of M2's growth",
        "cpi_growth": "inflation",
        "yield_curve": "yield curve",
        "dollar_change": "course of the dollar",
        "mvrv_trend": "trend of MVRV",
        "close_vs_ema21": "close against EMA21",
        "close_vs_ema55": "close against EMA55",
        "ema21_vs_ema55": "EMA21 against EMA55",
        "rsi14": "RSI",
        "macd_hist": "MACD histogram",
        "bollinger": "place in the Bollinger bands",
        "trend": "close against its average",
        "averages": "averages against each other",
        "momentum": "momentum",
        "finer_trend": "trend of the finer timeframe",
        "finer_stretch": "stretch of the finer timeframe",
    }
)
