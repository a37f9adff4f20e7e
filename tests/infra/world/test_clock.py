from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automoney.errors import InvalidInput
from infra.local.world.clock import WorldClock, micros, moment

NOON = datetime(2025, 9, 21, 12, tzinfo=UTC)
LATER = datetime(2025, 9, 21, 12, 5, 0, 1, tzinfo=UTC)


def test_a_reader_sees_what_the_owner_sets(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    with WorldClock.create(path, NOON) as owner, WorldClock.open(path) as reader:
        assert reader.now() == NOON
        owner.set(LATER)
        assert reader.now() == LATER
        assert reader.now_micros() == micros(LATER)


def test_the_file_is_eight_little_endian_bytes(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    with WorldClock.create(path, NOON) as clock:
        clock.set(LATER)
    data = path.read_bytes()
    assert len(data) == 8
    assert int.from_bytes(data, "little") == micros(LATER) == 1_758_456_300_000_001


@pytest.mark.parametrize("content", [None, b"", b"1234567"])
def test_anything_else_is_no_clock(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "clock"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"clock was .*; expected a file of 8 bytes"):
        WorldClock.open(path)


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_exact(at: datetime) -> None:
    assert moment(micros(at)) == at
