"""Other people's backtests, each in an environment of its own, for `./dev bench backtests`.

The like strategy is in `rule`: every four hours it looks at technical indicators of hourly candles,
and holds half the account in an asset or nothing of it.  It adjusts no position on the way, for
freqtrade copies a trade at every candle on which it might be adjusted and takes several times as
long: this is its fast form.  Trades are rare, as ours are.  Each engine gets its own compiled or
vectorised indicators, its data in memory, no logging and no network.

`X.txt` pins X with hashes.  To renew it: `echo X | uv pip compile - --universal --python-version
3.12 --generate-hashes --no-emit-index-url --no-header -o benchmarks/rivals/X.txt`.
"""
