-- What an indicator state was built on: grows whenever a bar before the newest one changes.
CREATE TABLE candle_histories (
    asset     text   NOT NULL,
    timeframe text   NOT NULL,
    revision  bigint NOT NULL,
    PRIMARY KEY (asset, timeframe)
);
COMMENT ON TABLE candle_histories IS 'No row is revision 0: bars were only ever added at the end';

-- Outside APIs: who asked to be left alone, and which calls count against a budget.

CREATE TABLE source_breakers (
    source     text        PRIMARY KEY,
    open_until timestamptz NOT NULL
);

CREATE TABLE call_budgets (
    source text          PRIMARY KEY,
    recent timestamptz[] NOT NULL
);
COMMENT ON COLUMN call_budgets.recent IS 'When the calls that still count were made, oldest first';

-- How far each job of the backfill has come; written with the rows themselves.

CREATE TABLE backfills (
    job        text        PRIMARY KEY,
    reached    timestamptz NOT NULL,
    row_count  bigint      NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE collection_runs ADD COLUMN byte_count bigint NOT NULL DEFAULT 0;
CREATE INDEX collection_runs_newest ON collection_runs (collector, slot_at DESC);

ALTER TABLE readings ADD COLUMN vintage_assumed boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN readings.vintage_assumed IS 'Backfilled: taken as seen when it was published';
CREATE INDEX readings_by_source ON readings (source, period DESC);

-- What no market could have said is refused here too.  NaN is above Infinity, so one bound keeps
-- both out.  What came in earlier and would not pass is collected once more.

WITH gone AS (
    DELETE FROM candles
    WHERE NOT (0 < low AND low <= least(open, close) AND greatest(open, close) <= high
               AND high < 'Infinity' AND (volume IS NULL OR 0 <= volume AND volume < 'Infinity'))
    RETURNING asset, timeframe
)
INSERT INTO candle_histories (asset, timeframe, revision) SELECT DISTINCT asset, timeframe, 1 FROM gone;
ALTER TABLE candles
    ADD CONSTRAINT candles_prices_possible CHECK (
        0 < low AND low <= least(open, close) AND greatest(open, close) <= high AND high < 'Infinity'
    ),
    ADD CONSTRAINT candles_volume_possible CHECK (0 <= volume AND volume < 'Infinity');

WITH gone AS (
    DELETE FROM readings WHERE NOT ('-Infinity' < value AND value < 'Infinity') RETURNING true
)
UPDATE readings_revision SET revision = revision + 1 WHERE EXISTS (SELECT FROM gone);
ALTER TABLE readings
    ADD CONSTRAINT readings_value_finite CHECK ('-Infinity' < value AND value < 'Infinity');

DELETE FROM marks WHERE NOT price < 'Infinity';
ALTER TABLE marks ADD CONSTRAINT marks_price_finite CHECK (price < 'Infinity');

-- Receipts of what was done stay as they are: from now on only.
ALTER TABLE views
    ADD CONSTRAINT views_mark_price_possible CHECK (0 < mark_price AND mark_price < 'Infinity')
    NOT VALID;
ALTER TABLE fill_marks
    ADD CONSTRAINT fill_marks_price_finite CHECK (price < 'Infinity') NOT VALID;
ALTER TABLE trades ADD CONSTRAINT trades_finite CHECK (
    quantity < 'Infinity' AND price < 'Infinity' AND mark_price < 'Infinity'
    AND '-Infinity' < notional AND notional < 'Infinity' AND fee < 'Infinity'
) NOT VALID;
ALTER TABLE postings
    ADD CONSTRAINT postings_finite CHECK ('-Infinity' < units AND units < 'Infinity') NOT VALID;
ALTER TABLE balances
    ADD CONSTRAINT balances_finite CHECK ('-Infinity' < units AND units < 'Infinity') NOT VALID;
ALTER TABLE holdings ADD CONSTRAINT holdings_finite CHECK (
    quantity < 'Infinity' AND '-Infinity' < cost AND cost < 'Infinity'
    AND '-Infinity' < realised AND realised < 'Infinity'
) NOT VALID;
