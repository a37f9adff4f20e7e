"""What both rooms share: how late a function is, what it keeps, and when it keeps it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from automoney.encoding import dumps
from tests.fakes_market import FakeCache

LATE = timedelta(seconds=20)  # rules fire some seconds after the slot
WHOLE = 10  # of so many payloads one is kept by the collector too, indicators and cache included


class WholeCache(FakeCache):
    """Also takes the groups through JSON, where a NaN has no form."""

    def put_group(self, group: str, data: Mapping[str, Any]) -> None:
        self.kept[group] = dumps(data)
