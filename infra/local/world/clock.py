"""The world's clock: one number in a file that two processes map into memory."""

import mmap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from automoney.errors import InvalidInput

type Micros = int

SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR
WEEK: Micros = 7 * DAY

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SIZE = 8


def micros(moment: datetime) -> Micros:
    """Whole microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: Micros) -> datetime:
    """The aware time in UTC of that many microseconds since 1970."""
    return _EPOCH + timedelta(0, 0, at)


class WorldClock:
    """What time it is in the world: microseconds since 1970 as a little-endian int64 in `path`.

    Whoever runs the world calls `set`; everyone else only reads.  The number is stored and loaded
    as one aligned machine word (all machines that this runs on are little-endian), so a reader
    never sees half of a change.  `close` it, or use it as a context manager.
    """

    def __init__(self, path: Path) -> None:
        """Use `create` or `open`.  Raises InvalidInput if `path` is not a clock's file."""
        try:
            with path.open("r+b") as file:
                self._map = mmap.mmap(file.fileno(), _SIZE)
        except (OSError, ValueError) as error:
            raise InvalidInput("clock", str(path), f"a file of {_SIZE} bytes ({error})") from error
        self._view = memoryview(self._map)
        self._word = self._view.cast("q")

    @classmethod
    def create(cls, path: Path, at: datetime) -> "WorldClock":
        """Make the file, or overwrite it, so that it says `at`."""
        path.write_bytes(micros(at).to_bytes(_SIZE, "little", signed=True))
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> "WorldClock":
        return cls(path)

    def now(self) -> datetime:
        return moment(self._word[0])

    def now_micros(self) -> Micros:
        """`now` as the world counts, without making a datetime: read at every request."""
        return self._word[0]

    def set(self, at: datetime) -> None:
        self._word[0] = micros(at)

    def close(self) -> None:
        self._word.release()
        self._view.release()
        self._map.close()

    def __enter__(self) -> "WorldClock":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
