"""Which language models judge and answer, at what price, within what time and money.  Pure.

The URL and the key of an OpenAI-compatible endpoint are settings like those of any outside source:
`AUTOMONEY_OPENAI_URL` and `AUTOMONEY_OPENAI_KEY`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput, Unknown
from automoney.model_prices import PRICES, VARIABLE, Price, parse_prices, price_of

RULES = "rules"
ORDER = ("bedrock", "openai", "recorded", RULES)
_LONGEST = 60  # seconds


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`order` is whom to ask, the first first; `rules` at its end stands for the rule judges.

    Without a model in it nothing is asked at all; without `rules` in it a run in which no model
    answers is aborted.  `openai_model` and `bedrock_model` are names or ids of the providers.
    `answers` is a folder of stored answers that `recorded` replays; empty means the database.

    The times: one call may take `timeout`, all that one judge asks `patience`, so that a run stays
    below the 10 s of the description (7.1) even if the first model hangs; a model that fails again
    and again is left alone for `pause`.

    The caps, in US dollars, are for one run, for all of a UTC day, and for a user's chats of a day.
    A run of three agents on two assets costs about 0.01 with the default model, and some 0.07 at
    3/15 dollars per million tokens; six runs a day and a few chats of each user stay well below.
    """

    order: tuple[str, ...] = (RULES,)
    openai_model: str = "gpt-4.1-mini"
    bedrock_model: str = ""
    answers: str = ""
    prices: Mapping[str, Price] = field(default=PRICES, hash=False)
    timeout: timedelta = timedelta(seconds=5)
    patience: timedelta = timedelta(seconds=9)
    pause: timedelta = timedelta(seconds=60)
    cap_run: Decimal = Decimal("0.50")
    cap_day: Decimal = Decimal(3)
    cap_user: Decimal = Decimal("0.25")

    @property
    def asked(self) -> tuple[str, ...]:
        """The providers in the order; empty where the rules alone judge."""
        return tuple(name for name in self.order if name != RULES)

    @property
    def rules(self) -> bool:
        """Whether the rule judges stand in when no model answers."""
        return RULES in self.order

    def name_of(self, provider: str) -> str:
        """The model that `provider` is asked for; empty for `recorded`, which has many."""
        return {"openai": self.openai_model, "bedrock": self.bedrock_model}.get(provider, "")

    def price_of(self, model: str) -> Price | None:
        return price_of(model, self.prices)

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> "ModelSettings":
        """Read `AUTOMONEY_MODELS` and the rest; absent ones keep their defaults.

        Raises InvalidInput naming the variable, its value and what would be right, also for a model
        in the order that has no name or no price.
        """
        found: dict[str, Any] = {
            name: reader(environment[variable], variable)
            for name, (variable, reader) in _READERS.items()
            if variable in environment
        }
        settings = cls(**found)
        settings._check()
        return settings

    def _check(self) -> None:
        for provider in ("openai", "bedrock"):
            if provider not in self.order:
                continue
            variable, model = f"AUTOMONEY_{provider.upper()}_MODEL", self.name_of(provider)
            if not model:
                expected = f"a model, since AUTOMONEY_MODELS names {provider}"
                raise InvalidInput(variable, model, expected)
            if self.price_of(model) is None:
                expected = (
                    f"a model with a price; {VARIABLE}={model}=INPUT/OUTPUT gives it one, in"
                    f" dollars per million tokens, {model}=0/0 for one on a machine of yours"
                )
                raise InvalidInput(variable, model, expected)


def _order(value: str, variable: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in value.split(",") if name.strip())
    expected = f"each of {', '.join(ORDER)} at most once, {RULES} last if at all"
    for name in names:
        if name not in ORDER:
            raise Unknown(variable, name, ORDER)
    if not names or len(set(names)) < len(names) or RULES in names[:-1]:
        raise InvalidInput(variable, value, expected)
    return names


def _text(value: str, _: str) -> str:
    return value.strip()


def _seconds(value: str, variable: str) -> timedelta:
    seconds = parse_decimal(value, variable)
    if not 0 < seconds <= _LONGEST:
        raise InvalidInput(variable, value, f"seconds above 0, at most {_LONGEST}")
    return timedelta(seconds=float(seconds))


def _dollars(value: str, variable: str) -> Decimal:
    dollars = parse_decimal(value, variable)
    if dollars < 0:
        raise InvalidInput(variable, value, "US dollars, 0 or more")
    return dollars


_READERS: Mapping[str, tuple[str, Callable[[str, str], object]]] = {
    "order": ("AUTOMONEY_MODELS", _order),
    "openai_model": ("AUTOMONEY_OPENAI_MODEL", _text),
    "bedrock_model": ("AUTOMONEY_BEDROCK_MODEL", _text),
    "answers": ("AUTOMONEY_MODEL_ANSWERS", _text),
    "prices": (VARIABLE, parse_prices),
    "timeout": ("AUTOMONEY_MODEL_TIMEOUT", _seconds),
    "patience": ("AUTOMONEY_MODEL_PATIENCE", _seconds),
    "pause": ("AUTOMONEY_MODEL_PAUSE", _seconds),
    "cap_run": ("AUTOMONEY_MODEL_CAP_RUN", _dollars),
    "cap_day": ("AUTOMONEY_MODEL_CAP_DAY", _dollars),
    "cap_user": ("AUTOMONEY_MODEL_CAP_USER", _dollars),
}
