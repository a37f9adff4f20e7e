"""What an endpoint takes of what can be asked for, learned from its refusals.

Endpoints that speak the same protocol differ in what they accept: some know no JSON schema, some no
JSON mode, some models no temperature, no seed, or another name for the limit.  Each says so with a
400 or 422, costs nothing by it, and is asked once more without.  What was learned holds for the
process.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from automoney.encoding import dumps


class Form(Enum):
    """How an answer is held to the schema, the strictest first."""

    STRICT = "strict"  # the endpoint holds the model to it
    SCHEMA = "schema"  # the endpoint knows the schema
    OBJECT = "object"  # the endpoint makes sure of JSON; the schema is in the prompt
    WORDS = "words"  # the prompt alone


_FORMS = tuple(Form)
_FORM = re.compile(r"response.?format|json.?schema|json.?object|schema|strict|guided|grammar|tool")
_LIMIT = re.compile(r"max_completion_tokens")


@dataclass(frozen=True, slots=True)
class Manners:
    """What to send.  `limit` is the name of the field with the most tokens to answer with."""

    form: Form = Form.STRICT
    temperature: bool = True
    seed: bool = True
    limit: str = "max_tokens"

    def after(self, refusal: str, *, asked_for_schema: bool) -> "Manners | None":
        """How to ask after `refusal`, the endpoint's own words; None if they name none of this."""
        words = refusal.lower()
        if self.limit == "max_tokens" and _LIMIT.search(words):
            return replace(self, limit="max_completion_tokens")
        if self.temperature and "temperature" in words:
            return replace(self, temperature=False)
        if self.seed and re.search(r"\bseed\b", words):
            return replace(self, seed=False)
        if asked_for_schema and self.form is not Form.WORDS and _FORM.search(words):
            return replace(self, form=_FORMS[_FORMS.index(self.form) + 1])
        return None


def in_words(schema: Mapping[str, Any]) -> str:
    """What to tell a model that nothing else holds to the schema."""
    return (
        "Answer with one JSON object and nothing else, no words around it and no code fence."
        f"  It has to meet this JSON Schema: {dumps(schema)}"
    )


def system_text(system: str, schema: Mapping[str, Any] | None, form: Form) -> str:
    """The system's part of the prompt, with the schema in words where `form` needs it there."""
    if schema is None or form in (Form.STRICT, Form.SCHEMA):
        return system
    return f"{system}\n\n{in_words(schema)}".lstrip()
