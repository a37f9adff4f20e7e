-- What followers were last told of each collector's data: they hear of a change once.

CREATE TABLE data_states (
    collector text        PRIMARY KEY,
    state     text        NOT NULL CHECK (state IN ('good', 'fallback', 'stale')),
    source    text,
    slot_at   timestamptz NOT NULL
);
COMMENT ON COLUMN data_states.slot_at IS 'The newest slot that was looked at';
CREATE INDEX outbox_by_age ON outbox (at) WHERE relayed;
