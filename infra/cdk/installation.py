"""What may differ between two deployed installations, parsed from CDK context and checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from automoney.errors import InvalidInput, Unknown
from automoney.model_settings import RULES, ModelSettings
from automoney.settings import Settings

PREFIX = "automoney:"


class Nat(StrEnum):
    """How functions in the VPC reach the internet.

    An instance costs about a tenth of a gateway, but is one machine in one zone; with gateways
    there is one in each zone.
    """

    INSTANCE = "instance"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Scale:
    """What grows with the number of users.

    `consumers` is how many batches of a queue are worked on at once, 2 or more (AWS's minimum).
    With a `proxy` they share database connections; `standby` is a second database in another zone.
    """

    database: str  # RDS instance type, without the `db.`
    cache: str  # ElastiCache node type, with its `cache.`
    consumers: int
    proxy: bool
    standby: bool


SCALES: Final[Mapping[str, Scale]] = {
    "small": Scale("t4g.micro", "cache.t4g.micro", consumers=2, proxy=False, standby=False),
    "medium": Scale("t4g.small", "cache.t4g.micro", consumers=10, proxy=True, standby=False),
    "large": Scale("t4g.medium", "cache.t4g.small", consumers=25, proxy=True, standby=True),
    "xlarge": Scale("m7g.large", "cache.t4g.medium", consumers=50, proxy=True, standby=True),
}


# Which language models judge and answer: the key in cdk.json, and the variable that it becomes.
MODEL_KEYS: Final[Mapping[str, str]] = {
    "models": "AUTOMONEY_MODELS",
    "openaiUrl": "AUTOMONEY_OPENAI_URL",
    "openaiModel": "AUTOMONEY_OPENAI_MODEL",
    "bedrockModel": "AUTOMONEY_BEDROCK_MODEL",
    "modelPrices": "AUTOMONEY_MODEL_PRICES",
    "modelCapRun": "AUTOMONEY_MODEL_CAP_RUN",
    "modelCapDay": "AUTOMONEY_MODEL_CAP_DAY",
    "modelCapUser": "AUTOMONEY_MODEL_CAP_USER",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """One deployment.  `name` starts the name of everything in it, so two fit into one account.

    `protect` keeps data when a stack is deleted: on for anything that people use.  `alarm_email`
    and `pager_url` may be empty; AWS asks either to confirm.  Origins are those of web pages that
    may call, such as `https://app.example.com`.  `jwks` is the key set's URL or the set itself.
    `model_variables` are those of automoney/model_settings.py that are set; keys of providers go
    into the secret that ops fill in.
    """

    name: str = "automoney"
    scale: Scale = SCALES["small"]
    nat: Nat = Nat.INSTANCE
    protect: bool = True
    alarm_email: str = ""
    pager_url: str = ""
    allowed_origins: tuple[str, ...] = ()
    jwt_issuer: str = ""
    jwt_audience: str = "automoney"
    jwks: str = ""
    model_variables: Mapping[str, str] = field(
        default_factory=lambda: {"AUTOMONEY_MODELS": RULES}, hash=False
    )

    @property
    def models(self) -> ModelSettings:
        """Which models are asked, and how."""
        return ModelSettings.parse(self.model_variables)

    @classmethod
    def parse(cls, context: Callable[[str], Any]) -> "Installation":
        """Read `automoney:KEY` through `context`, which answers None for what is not set.

        On the command line all values are text, so lists may be separated by commas and booleans
        spelled out.  Raises InvalidInput naming the key and what would be right.
        """
        plain = cls()
        return cls(
            name=_name(_text(context, "name", plain.name)),
            scale=SCALES[_one_of(context, "scale", "small", SCALES)],
            nat=Nat(_one_of(context, "nat", plain.nat.value, {nat.value: nat for nat in Nat})),
            protect=_flag(context, "protect", plain.protect),
            alarm_email=_text(context, "alarmEmail", ""),
            pager_url=_text(context, "pagerUrl", ""),
            allowed_origins=_words(context, "allowedOrigins"),
            jwt_issuer=_text(context, "jwtIssuer", ""),
            jwt_audience=_text(context, "jwtAudience", plain.jwt_audience),
            jwks=_text(context, "jwks", ""),
            model_variables=_model_variables(context),
        )


def _model_variables(context: Callable[[str], Any]) -> dict[str, str]:
    texts = {variable: _text(context, key, "") for key, variable in MODEL_KEYS.items()}
    found = {"AUTOMONEY_MODELS": RULES} | {name: text for name, text in texts.items() if text}
    try:
        Settings.parse(found)
    except InvalidInput as error:
        key = PREFIX + {variable: key for key, variable in MODEL_KEYS.items()}[error.field]
        if isinstance(error, Unknown):
            raise Unknown(key, error.value, error.known) from error
        raise InvalidInput(key, error.value, error.expected) from error
    return found


def _text(context: Callable[[str], Any], key: str, otherwise: str) -> str:
    value = context(PREFIX + key)
    if value is None:
        return otherwise
    if not isinstance(value, str):
        raise InvalidInput(PREFIX + key, value, "text")
    return value.strip()


def _name(name: str) -> str:
    letters = name.replace("-", "")
    fits = letters.isascii() and letters.isalnum() and letters == letters.lower()
    if not (fits and name[0].isalpha() and name[-1] != "-" and len(name) <= 20):
        expected = "up to 20 lower-case letters, digits and dashes, from a letter to no dash"
        raise InvalidInput(f"{PREFIX}name", name, expected)
    return name


def _one_of(
    context: Callable[[str], Any], key: str, otherwise: str, known: Mapping[str, object]
) -> str:
    value = _text(context, key, otherwise)
    if value not in known:
        raise Unknown(PREFIX + key, value, known)
    return value


def _flag(context: Callable[[str], Any], key: str, otherwise: bool) -> bool:
    value = context(PREFIX + key)
    if value is None:
        return otherwise
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise InvalidInput(PREFIX + key, value, "true or false")


def _words(context: Callable[[str], Any], key: str) -> tuple[str, ...]:
    value = context(PREFIX + key)
    words = value.split(",") if isinstance(value, str) else value or []
    if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise InvalidInput(PREFIX + key, value, "a list of text")
    return tuple(word.strip() for word in words if word.strip())
