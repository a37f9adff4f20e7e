"""Searching long columns for times that only ever grow."""

from bisect import bisect_left
from collections.abc import Sequence

_NEAR = 6  # a slot is four hours after the one before it


def first_from(numbers: Sequence[int], wanted: int, hint: int) -> int:
    """`bisect_left(numbers, wanted)`, quicker if the answer is `hint` or a little more.

    Looking at neighbours costs less than halving a column of a hundred thousand numbers, which
    lie all over the memory.
    """
    if hint and numbers[hint - 1] >= wanted:
        return bisect_left(numbers, wanted, 0, hint)
    far = min(hint + _NEAR, len(numbers))
    for index in range(hint, far):
        if numbers[index] >= wanted:
            return index
    return bisect_left(numbers, wanted, far)
