"""Your trades as a file for a spreadsheet or a tax adviser."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Response

from automoney.api.access import Caller
from automoney.api.csv_text import csv_text
from automoney.api.examples import TRADES
from automoney.api.history import Cursor
from automoney.api.problems import EXAMPLES
from automoney.api.services import Here
from automoney.ports import History

router = APIRouter(tags=["history"], responses=EXAMPLES)

_COLUMNS = (
    "at",
    "slot",
    "strategyId",
    "executionId",
    "asset",
    "action",
    "quantity",
    "price",
    "markPrice",
    "notional",
    "fee",
)
_PAGE = 200
_MOST = 20_000  # rows, of at most 200 bytes or so: a Lambda's answer may have 6 MB
_EXAMPLE = csv_text(_COLUMNS, TRADES["trades"])


@router.get(
    "/trades.csv",
    summary="Your trades as CSV",
    response_class=Response,
    responses={
        200: {
            "description": "All of them, newest first",
            "content": {"text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        }
    },
)
async def trades_csv(services: Here, caller: Caller, cursor: Cursor = None) -> Response:
    """The rows of `GET /api/trades`, newest first, as a file: times UTC, decimals in plain digits.

    Lines end in CRLF (RFC 4180).  A text that a spreadsheet would run as a formula has an
    apostrophe before it.  Beyond 20,000 rows the header `Link` names where the rest is.
    """
    pages = _Pages(services.history, caller.user_id, cursor)
    rows = list(pages.rows())
    headers = {"Content-Disposition": 'attachment; filename="automoney-trades.csv"'}
    if pages.further is not None:
        headers["Link"] = f'</api/trades.csv?cursor={pages.further}>; rel="next"'
    return Response(csv_text(_COLUMNS, rows), media_type="text/csv", headers=headers)


class _Pages:
    """One page after the other; `further` is where more than `_MOST` rows would go on."""

    def __init__(self, history: History, user_id: str, cursor: str | None) -> None:
        self.history, self.user_id, self.further = history, user_id, cursor

    def rows(self) -> Iterator[dict[str, Any]]:
        for _ in range(_MOST // _PAGE):
            rows, self.further = self.history.trades(self.user_id, limit=_PAGE, cursor=self.further)
            yield from rows
            if self.further is None:
                return
