"""The most tokens that a question can take.  Pure."""

from automoney.encoding import canonical
from automoney.llm.provider import Tokens
from automoney.ports import Question

# Around the text: roles and the template of the chat (some put a preamble of a hundred tokens in),
# and the words in which a provider explains tools and schemas (Anthropic's up to 530).
_AROUND = 256
_AROUND_SCHEMA = 1_000


def most_tokens(question: Question) -> Tokens:
    """A token stands for at least one byte, and no answer may be longer than was asked for.

    That is four times what English text takes, and hardly more than what digits or Chinese can: a
    cap that has to hold cannot go by the average.
    """
    size = len(question.system.encode(errors="replace")) + len(
        question.text.encode(errors="replace")
    )
    if question.schema is not None:
        size += len(canonical(question.schema)) + _AROUND_SCHEMA
    return Tokens(size + _AROUND, question.max_tokens)
