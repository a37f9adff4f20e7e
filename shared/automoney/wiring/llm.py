"""The language models, in their order of fallback."""

from pathlib import Path
from typing import TYPE_CHECKING

from automoney.wiring.aws import alerts, client, keys
from automoney.wiring.core import clock, closed_by_use, environment, once, settings
from automoney.wiring.stores import breaker, model_answers, spending

if TYPE_CHECKING:
    from automoney.llm.fallover import Asked
    from automoney.llm.provider import Provider
    from automoney.ports import Answers, Models


@once
def models() -> "Models | None":
    """What judges and chat ask; None where the rules alone judge, and nothing is imported then."""
    here = settings().models
    if not here.asked:
        return None
    from automoney.llm.fallover import Fallover

    return Fallover([_asked(name) for name in here.asked], clock, here.patience)


@once
def recorded_answers() -> "Answers":
    """What `recorded` replays: a folder of answers if one is set, else those of the database."""
    folder = settings().models.answers
    if not folder:
        return model_answers()
    from automoney.llm.recorded import AnswersFolder

    return AnswersFolder(Path(folder))


def _asked(name: str) -> "Asked":
    if name == "recorded":
        from automoney.llm.recorded import Recorded

        return Recorded(recorded_answers())
    from automoney.llm.budgets import Caps
    from automoney.llm.counted import Counted

    here = settings().models
    price = here.price_of(here.name_of(name))
    assert price is not None, "the settings refuse a model without a price"
    return Counted(
        provider=_bedrock() if name == "bedrock" else _openai(),
        price=price,
        caps=Caps(run=here.cap_run, day=here.cap_day, user=here.cap_user),
        spending=spending(),
        answers=model_answers(),
        breaker=breaker(),
        alerts=alerts(),
        clock=clock,
        timeout=here.timeout,
        pause=here.pause,
    )


def _openai() -> "Provider":
    from automoney.llm.openai import PUBLIC_URL, OpenAi
    from automoney.llm.posting import http_client

    return OpenAi(
        closed_by_use(http_client()),
        settings().source_urls.get("openai", PUBLIC_URL),
        settings().models.openai_model,
        clock,
        keys().get("openai", ""),
    )


def _bedrock() -> "Provider":
    from botocore.config import Config

    from automoney.llm.bedrock import Bedrock

    here = settings()
    # One question is one call: what boto3 tried again by itself would be paid for unseen.
    config = Config(
        read_timeout=here.models.timeout.total_seconds(), retries={"total_max_attempts": 1}
    )
    endpoint = {"endpoint_url": url} if (url := here.source_urls.get("bedrock")) else {}
    credentials = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return Bedrock(
        client("bedrock-runtime", config=config, **endpoint),
        here.models.bedrock_model,
        clock,
        tuple(environment().get(name, "") for name in credentials),
    )
