"""What language models cost and what they may know.  Pure.

The table holds list prices of a few well-known models; others, and other prices (a region's, a
contract's), are set by `AUTOMONEY_MODEL_PRICES`.  A model without a price is never asked: nobody
could keep it within a budget.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput

VARIABLE = "AUTOMONEY_MODEL_PRICES"
_MILLION = 1_000_000
_FORM = "MODEL=INPUT/OUTPUT, dollars per million tokens, perhaps @ the last day it can know of"
PROFILES = ("us", "eu", "apac", "global")  # what starts the id of a Bedrock inference profile


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens; `known_until` is the model's knowledge cut-off, if told.

    Of what came after that day it can know nothing, so what it says of an earlier slot may be
    hindsight.
    """

    input: Decimal
    output: Decimal
    known_until: date | None = None

    @property
    def free(self) -> bool:
        return not (self.input or self.output)

    def cost(self, input_tokens: int, output_tokens: int) -> Decimal:
        """US dollars, exactly."""
        return (self.input * input_tokens + self.output * output_tokens) / _MILLION


def _price(given: str, taken: str, known_until: str | None) -> Price:
    until = date.fromisoformat(known_until) if known_until else None
    return Price(Decimal(given), Decimal(taken), until)


# The providers' public price lists and model pages as of 2026-06; cut-offs given by the month are
# taken to its last day.
PRICES: Mapping[str, Price] = MappingProxyType(
    {
        # OpenAI, developer documentation, "Pricing" and "Models"
        "gpt-4.1": _price("2", "8", "2024-06-30"),
        "gpt-4.1-mini": _price("0.40", "1.60", "2024-06-30"),
        "gpt-4.1-nano": _price("0.10", "0.40", "2024-06-30"),
        "gpt-4o": _price("2.50", "10", "2023-10-31"),
        "gpt-4o-mini": _price("0.15", "0.60", "2023-10-31"),
        # Amazon Bedrock, "Pricing" (US regions, on demand) and the user guide's model cards
        "amazon.nova-micro-v1:0": _price("0.035", "0.14", "2024-10-31"),
        "amazon.nova-lite-v1:0": _price("0.06", "0.24", "2024-10-31"),
        "amazon.nova-pro-v1:0": _price("0.80", "3.20", "2024-10-31"),
        "anthropic.claude-haiku-4-5-20251001-v1:0": _price("1", "5", "2025-07-31"),
        "anthropic.claude-sonnet-4-5-20250929-v1:0": _price("3", "15", "2025-07-31"),
    }
)


def price_of(model: str, prices: Mapping[str, Price] = PRICES) -> Price | None:
    """By the model's name; of a Bedrock inference profile (`eu.…`) as that of its model.

    A price that is set for the profile itself goes before.
    """
    found = prices.get(model)
    if found is None:
        region, _, name = model.partition(".")
        found = prices.get(name) if region in PROFILES else None
    return found


def parse_prices(text: str, variable: str = VARIABLE) -> Mapping[str, Price]:
    """The table above with what `text` changes and adds: `name=0.40/1.60@2024-06-30, own=0/0`.

    Raises InvalidInput quoting the part that is wrong.
    """
    found = dict(PRICES)
    for part in filter(None, (part.strip() for part in text.split(","))):
        model, equals, rest = part.rpartition("=")  # an ARN may hold anything else
        amounts, _, until = rest.partition("@")
        given, slash, taken = amounts.partition("/")
        if not (model.strip() and equals and slash):
            raise InvalidInput(variable, part, _FORM)
        found[model.strip()] = Price(
            _dollars(given, part, variable), _dollars(taken, part, variable), _day(until, variable)
        )
    return MappingProxyType(found)


def _dollars(text: str, part: str, variable: str) -> Decimal:
    dollars = parse_decimal(text.strip(), variable)
    if dollars < 0:
        raise InvalidInput(variable, part, _FORM)
    return dollars


def _day(text: str, variable: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(variable, text.strip(), "a day such as 2024-06-30 after the @") from None
