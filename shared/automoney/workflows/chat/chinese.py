"""What the rules answer in Chinese; the keys are those of english.py."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "price": "{asset} 现价 {price} USDT，{age}前，来源 {source}。",
        "no_price": "还没有 {asset} 的价格。",
        "no_run": "{strategy} 还没有做过判断；下次运行时间为 {next}（UTC）。",
        "view": "{strategy} 对 {asset} 的信念值为 {conviction}（{slot} UTC 的运行）。",
        "score": "{agent}代理给出 {score}，权重 {weight}。",
        "score_degraded": "{agent}代理给出 {score}（降级），权重 {weight}。",
        "for": "最有利的因素：{factor}（{points}）。",
        "against": "最不利的因素：{factor}（{points}）。",
        "not_following": "您没有跟随 {strategy}，所以没有为您做过决定。",
        "no_decision": "还没有为您就 {asset} 做过决定。",
        "why_buy": "{slot} UTC 买入了 {asset}：信念值 {conviction} 达到 {buy}，"
        "您的仓位占比应从 {weight} 提高到 {target}。",
        "why_sell": "{slot} UTC 卖出了 {asset}：信念值 {conviction} 不高于 {sell}，"
        "您的仓位占比应从 {weight} 降到 {target}。",
        "why_exit": "{slot} UTC 卖出了全部 {asset}：信念值 {conviction} 远低于 {sell}；"
        "之前的仓位占比为 {weight}。",
        "why_between": "{slot} UTC 对 {asset} 既没有买入也没有卖出：信念值 {conviction} 介于"
        "卖出线 {sell} 与买入线 {buy} 之间。",
        "why_full": "{slot} UTC 没有买入 {asset}：信念值 {conviction} 达到 {buy}，"
        "但您的仓位占比 {weight} 已经到了它所允许的上限。",
        "why_light": "{slot} UTC 没有卖出 {asset}：信念值 {conviction} 不高于 {sell}，"
        "但您的仓位占比 {weight} 已经足够低。",
        "why_out": "{slot} UTC 没有持有 {asset}：信念值 {conviction} 不高于 {sell}，您没有仓位。",
        "why_band": "{slot} UTC 没有动 {asset}：按信念值 {conviction}，您的仓位占比 {weight} "
        "变化太小，不值得下单。",
        "why_cooldown": "{slot} UTC 没有动 {asset}（信念值 {conviction}）：距上次交易太近。",
        "why_daily_loss": "{slot} UTC 没有买入 {asset}（信念值 {conviction}）："
        "当日亏损已达上限，下一个 UTC 日之前不再买入。",
        "why_not_allowed": "{slot} UTC 没有买入 {asset}（信念值 {conviction}）："
        "它不在您允许的资产中。",
        "why_paused": "{slot} UTC 没有动 {asset}（信念值 {conviction}）：您已暂停或不再跟随。",
        "why_other": "{slot} UTC 对 {asset} 的决定是{signal}，信念值 {conviction}。",
        "refused": "没有因此下单：{reason}。",
        "take_buy": "要买入 {asset}，信念值须从 {conviction} 上升 {gap}，达到 {buy}。",
        "take_sell": "要卖出 {asset}，信念值须从 {conviction} 下降 {gap}，降到 {sell}。",
        "would_buy": "{asset} 的信念值 {conviction} 已达到 {buy}："
        "在您的限额和现有仓位允许的范围内买入。",
        "would_sell": "{asset} 的信念值 {conviction} 已不高于 {sell}：会卖出超过允许部分的仓位。",
        "alone_buy": "如果只有{agent}评分变化，它须上升 {points}。",
        "alone_sell": "如果只有{agent}评分变化，它须下降 {points}。",
        "no_account": "您还没有账户：跟随一个策略就会开立一个模拟资金账户。",
        "no_value": "现在无法给您的投资组合估值：您持有的资产缺少价格。",
        "equity": "您的投资组合价值 {equity} USDT，其中现金 {cash}；自开始以来的盈亏为"
        " {pnl} USDT（{return}）。",
        "split": "其中已实现 {realised}，未实现 {unrealised}。",
        "holding": "您持有 {quantity} {asset}，价值 {value} USDT（{share}），平均成本 {cost}；"
        "浮动盈亏 {pnl} USDT。",
        "no_holding": "您没有持有任何币。",
        "trade": "{at} UTC：{side} {quantity} {asset}，价格 {price} USDT，金额"
        " {notional}，手续费 {fee}。",
        "no_trades": "还没有任何交易。",
        "reading": "{series}：{value}（{age}前）。",
        "reading_stale": "{series}：{value}（{age}前，已过期）。",
        "reading_filled": "{series}：{value}（填充值，并非来源给出）。",
        "no_data": "还没有收集到 {asset} 的数据。",
        "schedule": "{strategy} 按 cron {cron}（UTC）运行：上次 {last}，下次 {next}。",
        "first_run": "{strategy} 按 cron {cron}（UTC）运行，首次运行时间为 {next}。",
        "bounds": "信念值达到 {buy} 时买入，降到 {sell} 时卖出。",
        "following": "您正在跟随它。",
        "paused": "它整体处于暂停状态：{reason}。",
        "own_pause": "您已为自己暂停：{reason}。",
        "costs": "每笔交易的手续费为金额的 {fee}，滑点为 {slippage}。",
        "fees": "到目前为止手续费共 {fees} USDT。",
        "unknown_coin": "没有关于 {coins} 的数据。目前关注的有：{known}。",
        "not_understood": "没有理解您想知道什么。",
        "help": "例如可以问：为什么没有买入 BTC？代理们怎么看？我的投资组合怎么样？"
        "最近有什么交易？现在价格多少？数据有多新？怎样才会买入？下次什么时候运行？交易费用是多少？"
        "说“重新评估”时，代理会再看一次，但不会交易。",
        "look": "代理正在重新评估，不会交易；请关注运行 {run}。",
        "look_later": "您刚刚请求过重新评估；下一次要等到 {at}（UTC）。",
        "models_silent": "没有语言模型应答，以上是按规则给出的回答。",
        "model_unusable": "语言模型的回答无法与事实核对，以上是按规则给出的回答。",
        "budget": "语言模型的预算已用完；按规则的回答仍然免费。",
    }
)

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "macro": "宏观",
        "onchain": "链上",
        "technical": "技术面",
        "BUY": "买入",
        "SELL": "卖出",
        "HOLD": "持有",
        "funds": "现金不足",
        "minimum": "金额小于最小订单",
        "lot": "数量不足一手",
        "h": "小时",
        "d": "天",
        "min": "分钟",
        # series
        "mvrv_z": "MVRV Z 值",
        "mvrv": "MVRV",
        "nvt": "NVT",
        "exchange_netflow": "交易所净流入",
        "lth_supply_change": "长期持有者供应变化",
        "active_addresses": "活跃地址数",
        "fed_funds": "联邦基金利率",
        "m2": "美国 M2",
        "us10y": "十年期美债收益率",
        "us2y": "两年期美债收益率",
        "cpi": "美国 CPI",
        "dollar_index": "美元指数",
        "fear_greed": "恐惧与贪婪指数",
        # factors that are not called as a series is
        "fed_funds_change": "联邦基金利率变化",
        "us10y_change": "十年期收益率变化",
        "m2_growth": "M2 增速",
        "m2_impulse": "M2 增速变化",
        "cpi_growth": "通胀",
        "yield_curve": "收益率曲线",
        "dollar_change": "美元走势",
        "mvrv_trend": "MVRV 走势",
        "close_vs_ema21": "收盘价与 EMA21",
        "close_vs_ema55": "收盘价与 EMA55",
        "ema21_vs_ema55": "EMA21 与 EMA55",
        "rsi14": "RSI",
        "macd_hist": "MACD 柱",
        "bollinger": "布林带位置",
        "trend": "收盘价与均线",
        "averages": "均线之间的位置",
        "momentum": "动量",
        "finer_trend": "较短周期的趋势",
        "finer_stretch": "较短周期的超买超卖",
    }
)
