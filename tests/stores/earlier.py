"""Rows of each released schema: what an installation may hold when the next script comes.

`ROWS` has, by the script after which they fit, the statements that put at least one row in every
table; the first ones hold values, too, that a later script no longer allows.
"""

from collections.abc import Mapping, Sequence

_FIRST = (
    """
    INSERT INTO candles (asset, timeframe, open_time, close_time, open, high, low, close, volume,
                         source, anomalous, filled)
    VALUES
        ('BTC', '1d', '2025-01-01Z', '2025-01-02Z', 100, 110, 90, 105, 5, 'binance', false, NULL),
        ('BTC', '1d', '2025-01-02Z', '2025-01-03Z', 105, 105, 105, 105, 0, 'binance', true,
         'forward_fill'),
        ('BTC', '1w', '2025-01-06Z', '2025-01-13Z', 100, 110, 90, 105, NULL, 'coingecko', false,
         NULL),
        ('ETH', '1d', '2025-01-01Z', '2025-01-02Z', 'NaN', 'NaN', 'NaN', 'NaN', 5, 'x', false,
         NULL),
        ('ETH', '1d', '2025-01-02Z', '2025-01-03Z', 100, 99, 90, 95, 5, 'x', false, NULL),
        ('ETH', '1d', '2025-01-03Z', '2025-01-04Z', 100, 110, 90, 105, -1, 'x', false, NULL),
        ('ETH', '1h', '2025-01-03Z', '2025-01-03 01:00Z', 1, 'Infinity', 1, 1, 5, 'x', false, NULL)
    """,
    """
    INSERT INTO marks VALUES
        ('BTC', '2025-01-01Z', 100, 'binance', false), ('BTC', '2025-01-02Z', 'NaN', 'x', false)
    """,
    """
    INSERT INTO readings (series, asset, source, period, vintage, value, available_at, anomalous)
    VALUES ('M2SL', '', 'fred', '2025-01-01Z', '2025-02-01Z', 101.5, '2025-02-01Z', true),
           ('NVT', 'BTC', 'glassnode', '2025-01-01Z', '2025-01-02Z', 'NaN', '2025-01-02Z', false),
           ('NVT', 'BTC', 'glassnode', '2025-01-02Z', '2025-01-03Z', '-Infinity', '2025-01-03Z',
            false)
    """,
    "UPDATE readings_revision SET revision = 7",
    """
    INSERT INTO collection_runs VALUES
        ('collect_prices', 'binance', '2025-01-01Z', 'ok', 2, 0, 80, NULL),
        ('collect_prices', 'binance', '2025-01-02Z', 'failed', 0, 0, 80, 'answered 451')
    """,
    "INSERT INTO strategy_fences VALUES ('hodl-wave', 3)",
    """
    INSERT INTO executions (execution_id, strategy_id, slot_at, status, fence, inputs)
    VALUES ('run', 'hodl-wave', '2025-01-01Z', 'judged', 3, '{}')
    """,
    """
    INSERT INTO views VALUES
        ('run', 0, 'BTC', 40, '{}', false, 100, '2025-01-01Z', 'binance', false),
        ('run', 1, 'ETH', 40, '{}', false, 'NaN', '2025-01-01Z', 'x', false)
    """,
    """
    INSERT INTO scores VALUES ('run', 'hodl-wave', '2025-01-01Z', 'BTC', 'macro', 40, 0.9, 'why',
                               '[]', '[]', '2025-01-01Z', false)
    """,
    """
    INSERT INTO fill_marks VALUES ('run', 'BTC', 100, '2025-01-01Z', 'binance', false),
                                  ('run', 'ETH', 'NaN', '2025-01-01Z', 'x', false)
    """,
    "INSERT INTO users VALUES ('ada', '2025-01-01Z', 1)",
    "INSERT INTO follows VALUES ('ada', 'hodl-wave', 0.5, '2025-01-01Z')",
    "INSERT INTO orders VALUES ('ada', 'run', '2025-01-01Z')",
    """
    INSERT INTO decisions VALUES
        ('ada', 'run', 0, 'BTC', 'hodl-wave', '2025-01-01Z', 'BUY', 40, 0, 0.3, 'why')
    """,
    """
    INSERT INTO trades VALUES
        ('ada', 'run', 'BTC', 0, 'hodl-wave', '2025-01-01Z', 'BUY', 1, 100, 100, 100, 1,
         '2025-01-01Z')
    """,
    "INSERT INTO entries VALUES ('ada', 1, '2025-01-01Z', 'deposit')",
    "INSERT INTO postings VALUES ('ada', 1, 0, 'assets:USDT', 100, 'USDT')",
    "INSERT INTO balances VALUES ('ada', 'assets:USDT', 'USDT', 100)",
    "INSERT INTO holdings VALUES ('ada', 'BTC', 1, 101, 0)",
    "INSERT INTO outbox VALUES ('ada', 1, 'trade:made', 'hodl-wave', '2025-01-01Z', '{}', false)",
)
_SECOND = (
    "INSERT INTO source_breakers VALUES ('binance', '2025-01-01Z')",
    "INSERT INTO call_budgets VALUES ('glassnode', '{2025-01-01Z}')",
    "INSERT INTO backfills VALUES ('binance:BTC:1d', '2025-01-01Z', 5)",
)
_MODELS = (
    """
    INSERT INTO model_answers VALUES
        ('request', 'openai', 'gpt-4.1-mini', '{}', 'ok', 100, 20, false, '2025-01-01Z')
    """,
    """
    INSERT INTO model_calls (call_id, request, provider, model, purpose, execution_id, user_id, at,
                             outcome, error, input_tokens, output_tokens, estimated, cost,
                             latency_ms)
    VALUES ('call', 'request', 'openai', 'gpt-4.1-mini', 'judge', 'run', 'ada', '2025-01-01Z',
            'failed', 'answered 500', 100, 20, true, 0.01, 800)
    """,
    "INSERT INTO model_failures VALUES ('openai', 1)",
    "INSERT INTO spending VALUES ('day 2025-01-01', 3, 0.02, 0.01, '2025-01-01Z')",
    "INSERT INTO reservations VALUES ('dead', '{day 2025-01-01}', 0.02, '2025-01-01Z')",
)
_PAUSES = (
    """
    INSERT INTO pauses (strategy_id, user_id, since, reason, author, ended, ended_by, ended_because)
    VALUES ('hodl-wave', NULL, '2025-01-01Z', 'maintenance', 'olga', '2025-01-02Z', 'otto', 'over'),
           ('hodl-wave', 'ada', '2025-01-01Z', 'on a journey', 'ada', NULL, NULL, NULL)
    """,
)
_LOOKS = ("INSERT INTO look_turns VALUES ('ada', '2025-01-01Z')",)
_RECEIPTS = (
    "INSERT INTO blobs VALUES (repeat('b', 64), 'body')",
    "INSERT INTO receipts VALUES ('hodl-wave', 1, 'run', '{}', repeat('a', 64))",
    "INSERT INTO part_receipts VALUES ('ada', 1, 'run', '{}', repeat('a', 64))",
)
_VALUATIONS = ("INSERT INTO valuations VALUES ('ada', '2025-01-01Z', 'run', 100, 80, 1, 0, 110)",)
_THIRD = (*_PAUSES, *_MODELS, *_LOOKS, *_RECEIPTS, *_VALUATIONS)
_FOURTH = (
    """
    INSERT INTO backtests VALUES
        ('id', 'hodl-wave', '2018-02-01', '2025-09-21', '2025-11-05Z', '{}', '{}')
    """,
)
_DATA_STATES = ("INSERT INTO data_states VALUES ('prices', 'stale', NULL, '2025-01-01Z')",)
ROWS: Mapping[str, Sequence[str]] = {
    "0001_first_schema.sql": _FIRST,
    "0002_data_you_can_trust.sql": _SECOND,
    "0003_decisions_you_can_replay.sql": _THIRD,
    "0004_rest_api.sql": _FOURTH,
    "0005_data_states.sql": _DATA_STATES,
}
