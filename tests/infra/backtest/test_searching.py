"""A search that begins near its answer finds what any other does."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from infra.local.backtest.searching import first_from


@given(st.lists(st.integers(0, 60)).map(sorted), st.integers(-1, 61), st.integers(0, 99))
def test_it_is_bisection(numbers: list[int], wanted: int, hint: int) -> None:
    found = first_from(numbers, wanted, min(hint, len(numbers)))

    assert found == bisect_left(numbers, wanted)
