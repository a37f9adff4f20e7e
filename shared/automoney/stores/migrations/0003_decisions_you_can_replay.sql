-- Who paused what, why, and who let it go on.  Kept for ever; an open pause has no end.

CREATE TABLE pauses (
    pause_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    strategy_id   text        NOT NULL,
    user_id       text,
    since         timestamptz NOT NULL,
    reason        text        NOT NULL,
    author        text        NOT NULL,
    ended         timestamptz,
    ended_by      text,
    ended_because text
);
COMMENT ON COLUMN pauses.user_id IS 'Whose part is paused; null: the whole strategy';
CREATE UNIQUE INDEX pauses_open ON pauses (strategy_id, coalesce(user_id, '')) WHERE ended IS NULL;
CREATE INDEX pauses_newest
    ON pauses (strategy_id, coalesce(user_id, ''), since DESC, pause_id DESC);

-- What a follower lets a strategy do; null is the strategy's or the installation's own.

ALTER TABLE follows
    ADD COLUMN max_daily_loss numeric CHECK (max_daily_loss > 0 AND max_daily_loss < 1),
    ADD COLUMN allowed_assets text[],
    ADD COLUMN fee numeric CHECK (fee >= 0 AND fee < 1),
    ADD COLUMN slippage numeric CHECK (slippage >= 0 AND slippage < 1);

-- Runs: how each step went, who asked, and for whom only a look was taken.

ALTER TABLE executions
    ADD COLUMN kind text NOT NULL DEFAULT 'turn' CHECK (kind IN ('turn', 'look')),
    ADD COLUMN asked_by text,
    ADD COLUMN steps jsonb,
    DROP CONSTRAINT executions_strategy_id_slot_at_key,
    DROP CONSTRAINT executions_status_check,
    ADD CONSTRAINT executions_status_check
        CHECK (status IN ('begun', 'judged', 'aborted', 'skipped'));
COMMENT ON COLUMN executions.kind IS 'turn: a due slot, with orders; look: asked for, without any';
-- One turn a slot; a look may be taken at the same moment, under a name of its own.
CREATE UNIQUE INDEX executions_turns ON executions (strategy_id, slot_at) WHERE kind = 'turn';
CREATE INDEX executions_begun ON executions (strategy_id, slot_at) WHERE status = 'begun';

ALTER TABLE scores
    ADD COLUMN judge text NOT NULL DEFAULT 'rules' CHECK (judge IN ('rules', 'model')),
    ADD COLUMN model text,
    ADD COLUMN request text,
    ADD COLUMN fell_back boolean NOT NULL DEFAULT false,
    ADD COLUMN kind text NOT NULL DEFAULT 'turn' CHECK (kind IN ('turn', 'look'));
COMMENT ON COLUMN scores.kind IS 'That of the execution: no turn falls back on the score of a look';
DROP INDEX scores_newest;
CREATE INDEX scores_newest ON scores (strategy_id, asset, agent, slot_at DESC)
WHERE NOT degraded AND kind = 'turn';

ALTER TABLE decisions
    ADD COLUMN rule text,
    ADD COLUMN refused text CHECK (refused IN ('funds', 'minimum', 'lot')),
    ADD COLUMN refusal text;
COMMENT ON COLUMN decisions.rule IS 'The rule that fired; null before rules were named';
COMMENT ON COLUMN decisions.refused IS 'Why there is no order for it; refusal says it in words';

CREATE TABLE valuations (
    user_id      text        NOT NULL,
    slot_at      timestamptz NOT NULL,
    execution_id text        NOT NULL,
    equity       numeric     NOT NULL,
    cash         numeric     NOT NULL,
    fees         numeric     NOT NULL,
    realised     numeric     NOT NULL,
    peak         numeric     NOT NULL CHECK (peak >= equity),
    PRIMARY KEY (user_id, slot_at, execution_id),
    CONSTRAINT valuations_finite CHECK (
        '-Infinity' < equity AND equity < 'Infinity' AND '-Infinity' < cash AND cash < 'Infinity'
        AND '-Infinity' < fees AND fees < 'Infinity'
        AND '-Infinity' < realised AND realised < 'Infinity' AND peak < 'Infinity'
    )
) PARTITION BY HASH (user_id);
COMMENT ON TABLE valuations IS 'What a follower was worth at each of his runs, before its orders';
COMMENT ON COLUMN valuations.peak IS 'The highest equity at any of his runs up to this one';

CREATE INDEX trades_by_asset ON trades (user_id, asset, slot_at DESC);
CREATE INDEX entries_by_time ON entries (user_id, at, entry_no);

-- Receipts: what a run and each follower's part followed from, in canonical JSON.
-- link = SHA-256(link of the one before || SHA-256(body)), over bytes; for a follower's part there
-- comes || the link of the run's receipt.  So no receipt can be changed or left out unnoticed.

CREATE TABLE blobs (
    sha256 text  PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    body   bytea NOT NULL
);
COMMENT ON TABLE blobs IS 'Content that receipts name by its hash; zlib-compressed';

CREATE TABLE receipts (
    strategy_id  text   NOT NULL,
    number       bigint NOT NULL,
    execution_id text   NOT NULL UNIQUE REFERENCES executions,
    body         bytea  NOT NULL,
    link         text   NOT NULL CHECK (link ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (strategy_id, number)
);

CREATE TABLE part_receipts (
    user_id      text   NOT NULL,
    number       bigint NOT NULL,
    execution_id text   NOT NULL,
    body         bytea  NOT NULL,
    link         text   NOT NULL CHECK (link ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (user_id, number),
    UNIQUE (user_id, execution_id)
) PARTITION BY HASH (user_id);
CREATE INDEX part_receipts_by_execution ON part_receipts (execution_id, user_id);

DO $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['valuations', 'part_receipts'] LOOP
        FOR part IN 0..7 LOOP
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 8, REMAINDER %s)',
                parent || '_' || part, parent, part
            );
        END LOOP;
    END LOOP;
END $$;

-- Language models: every question and answer by hash, every call, and what may be spent.

CREATE TABLE model_answers (
    request       text        NOT NULL,
    provider      text        NOT NULL,
    model         text        NOT NULL,
    question      json        NOT NULL,
    answer        text        NOT NULL,
    input_tokens  integer     NOT NULL CHECK (input_tokens >= 0),
    output_tokens integer     NOT NULL CHECK (output_tokens >= 0),
    estimated     boolean     NOT NULL,
    asked_at      timestamptz NOT NULL,
    PRIMARY KEY (request, provider, model)
);
COMMENT ON COLUMN model_answers.request IS 'SHA-256 of the question in canonical form';

CREATE TABLE model_calls (
    number        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id       text        NOT NULL,
    request       text        NOT NULL,
    provider      text        NOT NULL,
    model         text        NOT NULL,
    purpose       text        NOT NULL,
    execution_id  text,
    user_id       text,
    at            timestamptz NOT NULL,
    outcome       text        NOT NULL CHECK (outcome IN ('ok', 'unusable', 'failed')),
    error         text,
    input_tokens  integer     NOT NULL CHECK (input_tokens >= 0),
    output_tokens integer     NOT NULL CHECK (output_tokens >= 0),
    estimated     boolean     NOT NULL,
    cost          numeric     NOT NULL CHECK (cost >= 0 AND cost < 'Infinity'),
    latency_ms    integer     NOT NULL
);
COMMENT ON COLUMN model_calls.call_id IS 'Who asked what of which model; a retry has the same';
CREATE INDEX model_calls_newest ON model_calls (at DESC);
CREATE INDEX model_calls_by_user ON model_calls (user_id, at DESC) WHERE user_id IS NOT NULL;
CREATE INDEX model_calls_by_execution ON model_calls (execution_id) WHERE execution_id IS NOT NULL;

CREATE TABLE model_failures (
    provider text    PRIMARY KEY,
    in_a_row integer NOT NULL CHECK (in_a_row >= 0)
);
COMMENT ON TABLE model_failures IS 'How many calls of each provider failed since one came back';

CREATE TABLE spending (
    budget   text        PRIMARY KEY,
    cap      numeric     NOT NULL CHECK (cap < 'Infinity'),
    reserved numeric     NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    spent    numeric     NOT NULL DEFAULT 0 CHECK (spent >= 0),
    touched  timestamptz NOT NULL,
    CHECK (spent + reserved <= cap)
);
COMMENT ON TABLE spending IS 'Dollars by budget: a run, a day, a user''s day';
CREATE INDEX spending_oldest ON spending (touched);

CREATE TABLE reservations (
    call_id     text        PRIMARY KEY,
    budgets     text[]      NOT NULL,
    amount      numeric     NOT NULL CHECK (amount >= 0 AND amount < 'Infinity'),
    reserved_at timestamptz NOT NULL
);
COMMENT ON TABLE reservations IS 'Dollars put aside for calls under way; one that died keeps them';
CREATE INDEX reservations_oldest ON reservations (reserved_at);

-- Conversation: when each user last had the agents look anew.

CREATE TABLE look_turns (
    user_id  text        PRIMARY KEY,
    taken_at timestamptz NOT NULL
);
