"""What language models have answered, in Postgres: the first answer of each model to a question."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg import Connection

from automoney.encoding import dumps
from automoney.ports import Answer, Kept, Question
from automoney.stores.database import Database, Row

_COLUMNS = "request, provider, model, question, answer, input_tokens, output_tokens, estimated"
_FIND = f"""
SELECT {_COLUMNS}, asked_at FROM model_answers
WHERE request = %s AND provider = coalesce(%s, provider) AND model = coalesce(%s, model)
ORDER BY asked_at, provider, model LIMIT 1
"""  # noqa: S608  # the column list is the constant above
_PUT = f"""
INSERT INTO model_answers ({_COLUMNS}, asked_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""  # noqa: S608  # the column list is the constant above


@dataclass(frozen=True, slots=True)
class PostgresModelAnswers:
    """Meets `ports.Answers`."""

    database: Database

    def find(
        self, request: str, *, provider: str | None = None, model: str | None = None
    ) -> Kept | None:
        with self.database.connection() as connection:
            return find_answer(connection, request, provider, model)


def find_answer(
    connection: Connection[Row], request: str, provider: str | None, model: str | None
) -> Kept | None:
    row = connection.execute(_FIND, (request, provider, model)).fetchone()
    if row is None:
        return None
    _, by, name, question, text, given, taken, estimated, asked_at = row
    answer = Answer(
        text,
        by,
        name,
        request,
        given,
        taken,
        Decimal(0),
        latency_ms=0,
        stored=True,
        estimated=estimated,
    )
    return Kept(_question(question), answer, asked_at)


def put_answer(connection: Connection[Row], kept: Kept) -> Kept:
    """Keep it, unless the model has answered the question before; what is kept then."""
    answer = kept.answer
    connection.execute(
        _PUT,
        (
            answer.request,
            answer.provider,
            answer.model,
            dumps(kept.question),
            answer.text,
            answer.input_tokens,
            answer.output_tokens,
            answer.estimated,
            kept.asked_at,
        ),
    )
    found = find_answer(connection, answer.request, answer.provider, answer.model)
    assert found is not None, "an answer that is kept is found"
    return found


def _question(stored: dict[str, Any]) -> Question:
    return Question(**stored)
