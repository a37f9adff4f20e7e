"""Ask in words: answered from what is known, with what it was answered from."""

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from automoney.api.access import Caller
from automoney.api.examples_chat import CHAT, SPENT
from automoney.api.once import OnceRoute
from automoney.api.problems import EXAMPLES, Problem
from automoney.api.replies import Reply, example
from automoney.api.services import Here
from automoney.workflows.chat.conversation import LONGEST_QUESTION, Wish
from automoney.workflows.chat.conversation import Reply as Answer

router = APIRouter(tags=["chat"], responses=EXAMPLES, route_class=OnceRoute)


class Asking(BaseModel):
    """A question, in English or Chinese."""

    model_config = ConfigDict(extra="forbid", strict=True)

    question: str = Field(
        max_length=8 * LONGEST_QUESTION,  # the exact limit, without blanks around, is ours to say
        examples=["Why did it not buy BTC?"],
        description=f"At most {LONGEST_QUESTION} characters",
    )
    fresh: bool = Field(
        False, description="Let the agents look anew first of all; it never leads to a trade"
    )
    by: str | None = Field(
        None,
        pattern="^rules$",
        description="`rules` for an answer that costs nothing; the language model's if left out",
    )


@router.post("/chat", summary="Ask in words", responses={**example(CHAT), **SPENT})
async def chat(asking: Asking, services: Here, caller: Caller) -> Response:
    """Answered from the newest scores, prices and readings and from what is yours, never a trade.

    `citations` are what the answer rests on: every number in it is one of theirs, at most rounded.
    `by` is the language model that answered, or `rules`.  `look` names the fresh look that was
    asked for, by `fresh` or in words: its scores come as the event `agent:scores`.  If the budget
    for language models is spent, that is answered with 429, and the rules' answer is in `free`.
    """
    wish = Wish(caller.user_id, asking.question, asking.fresh, rules_only=asking.by is not None)
    answer = services.conversation.answer(wish, now=services.market_clock(), wall=services.clock())
    if answer.spent is None:
        return Reply(_data(answer))
    spent = answer.spent
    return Problem(
        429,
        "budget-spent",
        f'{spent}; what the rules can answer stays free, with "by": "rules"',
        budget=spent.budget,
        cap=spent.cap,
        spent=spent.spent,
        free=_data(answer),
    )


def _data(answer: Answer) -> dict[str, Any]:
    return {
        "answer": answer.answer,
        "citations": [fact.citation() for fact in answer.citations],
        "by": answer.by,
        "look": answer.look,
        "notice": answer.notice,
        "cost": answer.cost,
    }
