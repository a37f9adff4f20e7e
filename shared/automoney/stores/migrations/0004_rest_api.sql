-- Starting over with fresh paper money, and backtests that everybody may look at.

ALTER TABLE users ADD COLUMN started_at timestamptz;
COMMENT ON COLUMN users.started_at IS 'When the account began anew; null: never';

CREATE TABLE backtests (
    backtest_id text        PRIMARY KEY,
    strategy_id text        NOT NULL,
    since       date        NOT NULL,
    until       date        NOT NULL,
    made_at     timestamptz NOT NULL,
    figures     json        NOT NULL,
    result      json        NOT NULL
);
CREATE INDEX backtests_newest ON backtests (made_at DESC, backtest_id DESC);
COMMENT ON COLUMN backtests.figures IS 'What a list shows of the result';
