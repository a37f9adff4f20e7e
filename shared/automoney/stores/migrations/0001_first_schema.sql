-- The market: what was collected, with its origin.

CREATE TABLE candles (
    asset      text        NOT NULL,
    timeframe  text        NOT NULL CHECK (timeframe IN ('1h', '4h', '1d', '1w')),
    open_time  timestamptz NOT NULL,
    close_time timestamptz NOT NULL,
    open       numeric     NOT NULL,
    high       numeric     NOT NULL,
    low        numeric     NOT NULL,
    close      numeric     NOT NULL,
    volume     numeric,
    source     text        NOT NULL,
    anomalous  boolean     NOT NULL DEFAULT false,
    filled     text,
    PRIMARY KEY (asset, timeframe, open_time)
);
COMMENT ON TABLE candles IS 'Closed bars: days for ever, finer ones for the last weeks, no minutes';

CREATE TABLE marks (
    asset     text        NOT NULL,
    at        timestamptz NOT NULL,
    price     numeric     NOT NULL CHECK (price > 0),
    source    text        NOT NULL,
    anomalous boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (asset, at)
);
COMMENT ON TABLE marks IS 'Recent prices, kept for days: what a run values with';

CREATE TABLE readings (
    series       text             NOT NULL,
    asset        text             NOT NULL DEFAULT '',
    source       text             NOT NULL,
    period       timestamptz      NOT NULL,
    vintage      timestamptz      NOT NULL,
    value        double precision NOT NULL,
    available_at timestamptz      NOT NULL,
    anomalous    boolean          NOT NULL DEFAULT false,
    proxy        boolean          NOT NULL DEFAULT false,
    PRIMARY KEY (series, asset, source, period, vintage)
);
COMMENT ON COLUMN readings.vintage IS 'When this revision was first seen; read as of a slot';

CREATE TABLE readings_revision (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    revision bigint  NOT NULL DEFAULT 0
);
INSERT INTO readings_revision DEFAULT VALUES;
COMMENT ON TABLE readings_revision IS 'Grows with each change of readings: what copies are checked by';

CREATE TABLE collection_runs (
    collector  text        NOT NULL,
    source     text        NOT NULL,
    slot_at    timestamptz NOT NULL,
    outcome    text        NOT NULL CHECK (outcome IN ('ok', 'failed')),
    row_count  integer     NOT NULL,
    anomalies  integer     NOT NULL,
    latency_ms integer     NOT NULL,
    error      text,
    PRIMARY KEY (collector, source, slot_at)
);

-- Runs: one judgement per (strategy, slot), whoever delivers it how often.

CREATE TABLE strategy_fences (
    strategy_id text   PRIMARY KEY,
    fence       bigint NOT NULL
);

CREATE TABLE executions (
    execution_id text        PRIMARY KEY,
    strategy_id  text        NOT NULL,
    slot_at      timestamptz NOT NULL,
    status       text        NOT NULL CHECK (status IN ('judged', 'aborted', 'skipped')),
    reason       text,
    fence        bigint      NOT NULL,
    inputs       json,
    recorded_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (strategy_id, slot_at)
);

CREATE TABLE views (
    execution_id text        NOT NULL REFERENCES executions,
    position     smallint    NOT NULL,
    asset        text        NOT NULL,
    conviction   numeric     NOT NULL,
    weights      json        NOT NULL,
    degraded     boolean     NOT NULL,
    mark_price   numeric     NOT NULL,
    mark_at      timestamptz NOT NULL,
    mark_source  text        NOT NULL,
    mark_anomalous boolean   NOT NULL,
    PRIMARY KEY (execution_id, asset)
);

CREATE TABLE scores (
    execution_id text             NOT NULL REFERENCES executions,
    strategy_id  text             NOT NULL,
    slot_at      timestamptz      NOT NULL,
    asset        text             NOT NULL,
    agent        text             NOT NULL,
    value        double precision NOT NULL CHECK (value BETWEEN -100 AND 100),
    confidence   double precision NOT NULL CHECK (confidence BETWEEN 0 AND 1),
    reasoning    text             NOT NULL,
    factors      json             NOT NULL,
    sources      json             NOT NULL,
    judged_at    timestamptz      NOT NULL,
    degraded     boolean          NOT NULL,
    PRIMARY KEY (execution_id, asset, agent)
);
CREATE INDEX scores_newest ON scores (strategy_id, asset, agent, slot_at DESC) WHERE NOT degraded;

CREATE TABLE fill_marks (
    execution_id text        NOT NULL REFERENCES executions,
    asset        text        NOT NULL,
    price        numeric     NOT NULL CHECK (price > 0),
    at           timestamptz NOT NULL,
    source       text        NOT NULL,
    anomalous    boolean     NOT NULL,
    PRIMARY KEY (execution_id, asset)
);
COMMENT ON TABLE fill_marks IS 'First price after the slot: the same for every follower';

-- Users and their books, spread over partitions by user so that they can grow apart.

CREATE TABLE users (
    user_id    text        PRIMARY KEY,
    created_at timestamptz NOT NULL,
    last_seq   bigint      NOT NULL DEFAULT 0
);

CREATE TABLE follows (
    user_id      text        NOT NULL REFERENCES users,
    strategy_id  text        NOT NULL,
    max_position numeric     NOT NULL CHECK (max_position > 0 AND max_position <= 1),
    since        timestamptz NOT NULL,
    PRIMARY KEY (user_id, strategy_id)
);
CREATE INDEX follows_by_strategy ON follows (strategy_id, user_id);

CREATE TABLE orders (
    user_id      text NOT NULL,
    execution_id text NOT NULL,
    executed_at  timestamptz,
    PRIMARY KEY (user_id, execution_id)
) PARTITION BY HASH (user_id);
CREATE INDEX orders_pending ON orders (execution_id, user_id) WHERE executed_at IS NULL;
COMMENT ON TABLE orders IS 'A follower''s part of a run; its primary key is what makes it exactly once';

CREATE TABLE decisions (
    user_id       text        NOT NULL,
    execution_id  text        NOT NULL,
    position      smallint    NOT NULL,
    asset         text        NOT NULL,
    strategy_id   text        NOT NULL,
    slot_at       timestamptz NOT NULL,
    signal        text        NOT NULL CHECK (signal IN ('BUY', 'SELL', 'HOLD')),
    conviction    numeric     NOT NULL,
    weight        numeric     NOT NULL,
    target_weight numeric     NOT NULL,
    reasoning     text        NOT NULL,
    PRIMARY KEY (user_id, execution_id, asset)
) PARTITION BY HASH (user_id);
CREATE INDEX decisions_newest ON decisions (user_id, slot_at DESC, execution_id DESC, position DESC);

CREATE TABLE trades (
    user_id      text        NOT NULL,
    execution_id text        NOT NULL,
    asset        text        NOT NULL,
    position     smallint    NOT NULL,
    strategy_id  text        NOT NULL,
    slot_at      timestamptz NOT NULL,
    side         text        NOT NULL CHECK (side IN ('BUY', 'SELL')),
    quantity     numeric     NOT NULL CHECK (quantity > 0),
    price        numeric     NOT NULL CHECK (price > 0),
    mark_price   numeric     NOT NULL CHECK (mark_price > 0),
    notional     numeric     NOT NULL,
    fee          numeric     NOT NULL CHECK (fee >= 0),
    at           timestamptz NOT NULL,
    PRIMARY KEY (user_id, execution_id, asset)
) PARTITION BY HASH (user_id);
CREATE INDEX trades_newest ON trades (user_id, slot_at DESC, execution_id DESC, position DESC);

CREATE TABLE entries (
    user_id      text        NOT NULL,
    entry_no     bigint      NOT NULL,
    at           timestamptz NOT NULL,
    memo         text        NOT NULL,
    PRIMARY KEY (user_id, entry_no)
) PARTITION BY HASH (user_id);

CREATE TABLE postings (
    user_id  text     NOT NULL,
    entry_no bigint   NOT NULL,
    line     smallint NOT NULL,
    account  text     NOT NULL,
    units    numeric  NOT NULL,
    currency text     NOT NULL,
    PRIMARY KEY (user_id, entry_no, line)
) PARTITION BY HASH (user_id);
COMMENT ON TABLE postings IS 'Double-entry: the units of an entry sum to zero in each currency';

CREATE TABLE balances (
    user_id  text    NOT NULL,
    account  text    NOT NULL,
    currency text    NOT NULL,
    units    numeric NOT NULL,
    PRIMARY KEY (user_id, account, currency)
) PARTITION BY HASH (user_id);
COMMENT ON TABLE balances IS 'Sums of postings, kept in the transaction that adds them';

CREATE TABLE holdings (
    user_id  text    NOT NULL,
    asset    text    NOT NULL,
    quantity numeric NOT NULL CHECK (quantity >= 0),
    cost     numeric NOT NULL,
    realised numeric NOT NULL,
    PRIMARY KEY (user_id, asset)
) PARTITION BY HASH (user_id);

CREATE TABLE outbox (
    user_id     text        NOT NULL,
    seq         bigint      NOT NULL,
    event       text        NOT NULL,
    strategy_id text        NOT NULL,
    at          timestamptz NOT NULL,
    data        json        NOT NULL,
    relayed     boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (user_id, seq)
) PARTITION BY HASH (user_id);
CREATE INDEX outbox_unrelayed ON outbox (user_id, seq) WHERE NOT relayed;

DO $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY[
        'orders', 'decisions', 'trades', 'entries', 'postings', 'balances', 'holdings', 'outbox'
    ] LOOP
        FOR part IN 0..7 LOOP
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                parent || '_' || part, parent, part
            );
        END LOOP;
    END LOOP;
END $$;
