"""Checking many slots: one after the other, or parts of them side by side."""

import gc
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from infra.local.lookahead.checking import Check, Checked, Peek

_PARTS = 4  # a process: small enough that all end at about the same time

type _Found = tuple[datetime, int, list[Peek]]
"""A slot, how many of its pieces were compared, and which differed."""


def check_all(
    check: Check,
    wanted: Sequence[datetime],
    *,
    jobs: int = 1,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Checked:
    """Check every slot in its order; with more `jobs` in as many processes, forked from here."""
    pieces, peeks = 0, []
    with _collecting_only_what_is_new():
        checked = _one_by_one(check, wanted) if jobs == 1 else _forked(check, wanted, jobs)
        for at, count, found in checked:
            pieces += count
            peeks += found
            progress(at)
    return Checked(len(wanted), pieces, peeks)


@contextmanager
def _collecting_only_what_is_new() -> Iterator[None]:
    """Years of judgements are there and stay: looking through them for garbage takes longest."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _one_by_one(check: Check, wanted: Iterable[datetime]) -> Iterator[_Found]:
    for at in wanted:
        count, peeks = check.slot(at)
        yield at, count, peeks


def _forked(check: Check, wanted: Sequence[datetime], jobs: int) -> Iterator[_Found]:
    size = -(-len(wanted) // (jobs * _PARTS))
    parts = [wanted[first : first + size] for first in range(0, len(wanted), size)]
    _FORKED.append(check)  # what is in memory need not be handed over
    try:
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            for found in pool.imap(_part, parts):
                yield from found
    finally:
        _FORKED.pop()


_FORKED: list[Check] = []


def _part(wanted: Sequence[datetime]) -> list[_Found]:
    return list(_one_by_one(_FORKED[-1], wanted))
