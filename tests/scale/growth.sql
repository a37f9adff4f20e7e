INSERT INTO candles (asset, timeframe, open_time, close_time, open, high, low, close, volume, source)
SELECT asset, timeframe, at, at + step, price, price + 9, price - 9, price + 3, 1000, 'binance'
FROM unnest(ARRAY['BTC', 'ETH']) AS asset,
    (VALUES ('1h', interval '1 hour', interval '60 days'),
            ('4h', interval '4 hours', interval '240 days'),
            ('1d', interval '1 day', interval '8 years'),
            ('1w', interval '7 days', interval '8 years')) AS frame (timeframe, step, span),
    generate_series(date_trunc('week', %(now)s - span), %(now)s - step, step) AS at,
    round(20000 + 9000 * sin(extract(epoch FROM at) / 1e7)::numeric, 2) AS price;

INSERT INTO marks (asset, at, price, source)
SELECT asset, at, 20000 + extract(minute FROM at), 'binance'
FROM unnest(ARRAY['BTC', 'ETH']) AS asset,
    generate_series(%(now)s - interval '3 days', %(now)s - interval '1 second', '5 minutes') AS at;

-- Daily on-chain series of each asset from two sources, the newer one of the last two years; daily
-- and monthly macro series, the monthly ones revised twice; a daily index.
INSERT INTO readings (series, asset, source, period, vintage, value, available_at)
SELECT series, asset, source, period, period + lag + revised * interval '20 days',
       100 + revised + extract(day FROM period), period + lag
FROM (
    SELECT series, asset, source, span, interval '1 day' AS step, interval '1 day' AS lag, 0 AS last
    FROM unnest(ARRAY['MVRV_Z', 'NVT', 'EXCHANGE_NETFLOW', 'LTH_CHANGE', 'ACTIVE_ADDRESSES']) AS series,
        unnest(ARRAY['BTC', 'ETH']) AS asset,
        (VALUES ('coinmetrics', interval '8 years'), ('glassnode', interval '2 years')) AS given (source, span)
    UNION ALL
    SELECT series, '', 'fred', interval '8 years', interval '1 day', interval '1 day', 0
    FROM unnest(ARRAY['DGS10', 'DGS2', 'DFF', 'DTWEXBGS']) AS series
    UNION ALL
    SELECT series, '', 'fred', interval '8 years', interval '1 month', interval '40 days', 2
    FROM unnest(ARRAY['FEDFUNDS', 'M2SL', 'CPIAUCSL']) AS series
    UNION ALL
    SELECT 'FEAR_GREED', '', 'alternative.me', interval '8 years', interval '1 day', interval '0', 0
) AS kinds,
    generate_series(date_trunc('month', %(now)s - span), %(now)s - step, step) AS period,
    generate_series(0, last) AS revised;

-- About 330 tries a day.  The first source fails now and then, and the second is asked; sentiment has
-- been out for a month.
INSERT INTO collection_runs (collector, source, slot_at, outcome, row_count, anomalies, latency_ms, error)
SELECT collector, CASE WHEN try = 1 THEN first ELSE second END, at,
       CASE WHEN try = 1 AND fails THEN 'failed' ELSE 'ok' END, 2, 0, 80,
       CASE WHEN try = 1 AND fails THEN 'no whole answer within 5 s, 3 times' END
FROM (VALUES ('collect_prices', 'binance', 'coingecko', interval '5 minutes'),
             ('collect_onchain', 'glassnode', 'coinmetrics', interval '1 hour'),
             ('collect_macro', 'fred', NULL, interval '1 day'),
             ('collect_sentiment', 'alternative.me', NULL, interval '1 hour'))
        AS collectors (collector, first, second, step),
    generate_series(%(now)s - interval '8 years', %(now)s, step) WITH ORDINALITY AS slots (at, number),
    LATERAL (SELECT mod(number, 61) = 0 OR (collector = 'collect_sentiment' AND at > %(now)s - interval '30 days') AS fails) AS weather,
    generate_series(1, CASE WHEN fails AND second IS NOT NULL THEN 2 ELSE 1 END) AS try;

INSERT INTO executions (execution_id, strategy_id, slot_at, status, fence, inputs)
SELECT strategy || ':' || to_char(at, 'YYYY-MM-DD"T"HH24:MI"Z"'), strategy, at,
       CASE WHEN mod(number, 97) = 0 THEN 'aborted' ELSE 'judged' END, number,
       json_build_object('BTC', repeat('what was seen ', 40))
FROM (VALUES ('hodl-wave', interval '8 years'), ('another', interval '1 year')) AS kinds (strategy, span),
    generate_series(%(now)s - span, %(now)s, '4 hours') WITH ORDINALITY AS slots (at, number);

CREATE TEMP TABLE recent AS SELECT *, row_number() OVER (ORDER BY slot_at) AS number
FROM (SELECT execution_id, strategy_id, slot_at FROM executions
      WHERE strategy_id = 'hodl-wave' AND status = 'judged' ORDER BY slot_at DESC LIMIT %(runs)s) AS e;

INSERT INTO views (execution_id, position, asset, conviction, weights, degraded, mark_price, mark_at,
                   mark_source, mark_anomalous)
SELECT execution_id, position, asset, 40, '{"macro": "0.4", "onchain": "0.4", "technical": "0.2"}', false,
       20000, slot_at - interval '1 minute', 'binance', false
FROM executions, (VALUES (0, 'BTC'), (1, 'ETH')) AS kinds (position, asset) WHERE status = 'judged';

INSERT INTO scores (execution_id, strategy_id, slot_at, asset, agent, value, confidence, reasoning,
                    factors, sources, judged_at, degraded)
SELECT execution_id, strategy_id, slot_at, asset, agent, 40, 0.9, repeat('because of it ', 10),
       '[{"name": "factor", "value": 1.5, "contribution": 40.0, "note": "because of it", "age_hours": 12.0}]',
       '["binance"]', slot_at, extract(day FROM slot_at) = 13
FROM executions, unnest(ARRAY['BTC', 'ETH']) AS asset,
    unnest(ARRAY['macro', 'onchain', 'technical']) AS agent
WHERE status = 'judged';

INSERT INTO fill_marks (execution_id, asset, price, at, source, anomalous)
SELECT execution_id, asset, 20000, slot_at + interval '1 second', 'binance', false
FROM executions, unnest(ARRAY['BTC', 'ETH']) AS asset WHERE status = 'judged';

INSERT INTO users (user_id, created_at, last_seq)
SELECT 'user-' || number, %(now)s - interval '2 years', %(told)s * 4
FROM generate_series(1, %(users)s) AS number;

INSERT INTO follows (user_id, strategy_id, max_position, since)
SELECT user_id, strategy, 0.5, created_at
FROM users, unnest(ARRAY['hodl-wave', 'another']) AS strategy
WHERE (strategy = 'another') = (right(user_id, 1) = '7');

-- The newest run is still to be executed by everybody.
INSERT INTO orders (user_id, execution_id, executed_at)
SELECT user_id, execution_id, CASE WHEN slot_at < %(now)s THEN slot_at + interval '1 second' END
FROM users, recent;

INSERT INTO decisions (user_id, execution_id, position, asset, strategy_id, slot_at, signal, conviction,
                       weight, target_weight, reasoning)
SELECT user_id, execution_id, position, asset, strategy_id, slot_at, 'HOLD', 40, 0.3, 0.3,
       'within the band: nothing to do'
FROM users, recent, (VALUES (0, 'BTC'), (1, 'ETH')) AS kinds (position, asset) WHERE slot_at < %(now)s;

INSERT INTO valuations (user_id, slot_at, execution_id, equity, cash, fees, realised, peak)
SELECT user_id, slot_at, execution_id, 100000 + number, 90000, 1, 0, 100300
FROM users, recent WHERE slot_at < %(now)s;

INSERT INTO trades (user_id, execution_id, asset, position, strategy_id, slot_at, side, quantity, price,
                    mark_price, notional, fee, at)
SELECT user_id, execution_id, 'BTC', 0, strategy_id, slot_at, 'BUY', 0.001, 20010, 20000, 20.01, 0.02,
       slot_at + interval '1 second'
FROM users, recent WHERE slot_at < %(now)s AND mod(number, 5) = 0;

INSERT INTO entries (user_id, entry_no, at, memo)
SELECT user_id, 1, created_at, 'deposit' FROM users
UNION ALL
SELECT user_id, 1 + number / 5, at, execution_id || ' BUY BTC'
FROM trades JOIN recent USING (execution_id);

INSERT INTO postings (user_id, entry_no, line, account, units, currency)
SELECT user_id, entry_no, line, account, units, currency
FROM entries
JOIN (VALUES (true, 0, 'assets:USDT', 100000, 'USDT'), (true, 1, 'equity:deposits', -100000, 'USDT'),
             (false, 0, 'assets:BTC', 0.001, 'BTC'), (false, 1, 'exchange', -0.001, 'BTC'),
             (false, 2, 'assets:USDT', -20.03, 'USDT'), (false, 3, 'exchange', 20.01, 'USDT'),
             (false, 4, 'fees', 0.02, 'USDT')) AS lines (opening, line, account, units, currency)
  ON opening = (entry_no = 1);

INSERT INTO balances (user_id, account, currency, units)
SELECT user_id, account, currency, sum(units) FROM postings GROUP BY user_id, account, currency;

INSERT INTO holdings (user_id, asset, quantity, cost, realised)
SELECT user_id, 'BTC', count(*) * 0.001, count(*) * 20.03, 0 FROM trades GROUP BY user_id;

INSERT INTO outbox (user_id, seq, event, strategy_id, at, data, relayed)
SELECT user_id, (number - %(runs)s + %(told)s - 1) * 4 + line, event, strategy_id, slot_at,
       json_build_object('executionId', execution_id, 'words', repeat('what is told ', 20)), true
FROM users, recent, (VALUES (1, 'agent:scores'), (2, 'decision:made'), (3, 'decision:made'),
                            (4, 'portfolio:update')) AS lines (line, event)
WHERE number > %(runs)s - %(told)s;

UPDATE outbox SET relayed = false WHERE (user_id, seq) IN
    (SELECT user_id, seq FROM outbox WHERE seq = %(told)s * 4 ORDER BY user_id LIMIT %(waiting)s);

-- Six questions a run, asked of the first model, and each day of every fifth user's chats a call.
INSERT INTO model_calls (call_id, request, provider, model, purpose, execution_id, user_id, at, outcome,
                         input_tokens, output_tokens, estimated, cost, latency_ms)
SELECT execution_id || number, md5(execution_id || number), 'openai', 'gpt-4.1-mini', 'judge',
       execution_id, NULL, slot_at, CASE WHEN number = 6 THEN 'unusable' ELSE 'ok' END, 1500, 300, false,
       0.001, 900
FROM executions, generate_series(1, 6) AS number WHERE status = 'judged'
UNION ALL
SELECT user_id || day, md5(user_id || day), 'openai', 'gpt-4.1-mini', 'chat', NULL, user_id, day, 'ok', 900,
       200, false, 0.0008, 700
FROM users, generate_series(%(now)s - interval '60 days', %(now)s, interval '1 day') AS day
WHERE right(user_id, 1) IN ('2', '7');

INSERT INTO model_answers (request, provider, model, question, answer, input_tokens, output_tokens,
                           estimated, asked_at)
SELECT request, provider, model, '{}', '{}', 1500, 300, false, at FROM model_calls WHERE outcome = 'ok';

INSERT INTO spending (budget, cap, spent, touched)
SELECT 'run ' || execution_id, 0.5, 0.006, slot_at FROM executions WHERE status = 'judged'
UNION ALL
SELECT 'user ' || user_id || ' ' || to_char(at, 'YYYY-MM-DD'), 0.25, 0.0008, at
FROM model_calls WHERE user_id IS NOT NULL;

INSERT INTO look_turns (user_id, taken_at) SELECT user_id, %(now)s - interval '1 hour' FROM users;

-- A receipt a run, shorter than they are, and what a dozen changed pieces of series come to each.
INSERT INTO receipts (strategy_id, number, execution_id, body, link)
SELECT strategy_id, row_number() OVER (PARTITION BY strategy_id ORDER BY slot_at), execution_id,
       convert_to(repeat('what it followed from ', 20), 'UTF8'), repeat('a', 64)
FROM executions WHERE status = 'judged';

INSERT INTO part_receipts (user_id, number, execution_id, body, link)
SELECT user_id, row_number() OVER (PARTITION BY user_id ORDER BY slot_at), execution_id,
       convert_to(repeat('what it followed from ', 4), 'UTF8'), repeat('a', 64)
FROM orders JOIN executions USING (execution_id) WHERE executed_at IS NOT NULL;

INSERT INTO blobs (sha256, body)
SELECT lpad(to_hex(number), 64, '0'), convert_to(repeat('piece', 20), 'UTF8')
FROM generate_series(1, 50000) AS number;

-- Each user has paused his part a few times, and every tenth still does; the strategy was stopped often.
INSERT INTO pauses (strategy_id, user_id, since, reason, author, ended, ended_by, ended_because)
SELECT 'hodl-wave', user_id, %(now)s - number * interval '30 days', 'on a journey', user_id,
       CASE WHEN number > 1 OR right(user_id, 1) <> '3' THEN %(now)s - number * interval '29 days' END,
       user_id, 'back'
FROM users, generate_series(1, 6) AS number
UNION ALL
SELECT strategy, NULL, %(now)s - number * interval '2 days', 'no language model answered', 'engine',
       %(now)s - number * interval '2 days' + interval '4 hours', 'engine', 'a language model answers again'
FROM unnest(ARRAY['hodl-wave', 'another']) AS strategy, generate_series(1, 500) AS number;
