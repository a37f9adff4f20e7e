"""Judges of a backtest that replay what language models answered before, for nothing."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from automoney.agents.direct import DirectPanel
from automoney.errors import InvalidInput
from automoney.ports import Answers

FORM = "recorded:DIR (a folder of stored answers), state (those of the newest state) or state:DIR"
_PATIENCE = timedelta(hours=1)  # nothing is asked of anyone, so nothing is late


def replaying(answers: Answers) -> DirectPanel:
    """Judges that give the stored answers; the rules judge, marked so, where there is none."""
    from automoney.agents.model_judge import model_judges  # which most backtests can do without
    from automoney.llm.fallover import Fallover
    from automoney.llm.recorded import Recorded

    models = Fallover([Recorded(answers)], _now, _PATIENCE)
    return DirectPanel(model_judges(models, clock=_now, or_rules=True))


@contextmanager
def replayed(models: str) -> Iterator[DirectPanel]:
    """The judges for an option like FORM, for the block.

    Raises InvalidInput for any other, and for a folder that is none.
    """
    kind, _, folder = models.partition(":")
    if kind == "recorded" and Path(folder).is_dir() and folder:
        from automoney.llm.recorded import AnswersFolder

        yield replaying(AnswersFolder(Path(folder)))
    elif kind == "state":
        from automoney import wiring
        from infra.local import joining  # which looks for a Postgres

        state = Path(folder) if folder else None
        with joining.joined(Namespace(state=state, database_url=None)):
            yield replaying(wiring.model_answers())
    else:
        raise InvalidInput("--models", models, FORM)


def _now() -> datetime:
    return datetime.now(UTC)
