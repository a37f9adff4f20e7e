"""Due times: cron expressions, the slots they name, and EventBridge's spelling of them.  Pure.

A slot is a due time in UTC.  Everything that a run knows and writes is dated by its slot, so that
a late, retried or repeated delivery of the same event decides the same thing.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from automoney.errors import InvalidInput

_RANGES = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of month", 1, 31),
    ("month", 1, 12),
    ("day of week", 0, 6),
)
_LONGEST_GAP = 366 * 8  # days: 29 February can be eight years away
_DAY = timedelta(days=1)
_LAST_MINUTE = 24 * 60 - 1


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One due time, aware and in UTC."""

    at: datetime

    def __post_init__(self) -> None:
        if self.at.utcoffset() != timedelta(0):
            raise InvalidInput("slot.at", self.at, "an aware datetime in UTC")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A standard five-field cron expression in UTC, without names: `0 */4 * * *`.

    Both day fields set at once is refused: cron would take either, EventBridge takes only one.
    """

    cron: str
    _fields: tuple[frozenset[int], ...] = field(init=False, repr=False, compare=False)
    _minutes: tuple[int, ...] = field(init=False, repr=False, compare=False)  # due, of a day

    def __post_init__(self) -> None:
        texts = self.cron.split()
        if len(texts) != len(_RANGES):
            raise InvalidInput("cron", self.cron, "five fields: minute hour day month weekday")
        if texts[2] != "*" and texts[4] != "*":
            raise InvalidInput("cron", self.cron, "a day of month or a day of week, not both")
        fields = tuple(
            _field(text, name, low, high)
            for text, (name, low, high) in zip(texts, _RANGES, strict=True)
        )
        object.__setattr__(self, "_fields", fields)
        minutes, hours = sorted(fields[0]), sorted(fields[1])
        due = tuple(60 * hour + minute for hour in hours for minute in minutes)
        object.__setattr__(self, "_minutes", due)

    def slot_at(self, time: datetime) -> Slot:
        """The latest due time at or before `time`: rules fire some seconds late."""
        moment = _utc(time).replace(second=0, microsecond=0)
        return Slot(self._seek(moment, forward=False))

    def next_after(self, time: datetime) -> datetime:
        """The first due time strictly after `time`."""
        moment = _utc(time).replace(second=0, microsecond=0) + timedelta(minutes=1)
        return self._seek(moment, forward=True)

    @property
    def eventbridge(self) -> str:
        """The same schedule as EventBridge spells it: six fields, one of the days a `?`.

        Weekdays there count from 1 = Sunday, in cron from 0 = Sunday.
        """
        minute, hour, day, month, weekday = (
            text.replace("*/", f"{low}/")
            for text, (_, low, _) in zip(self.cron.split(), _RANGES, strict=True)
        )
        if weekday == "*":
            weekday = "?"
        else:
            weekday = ",".join(str(number + 1) for number in sorted(self._fields[4]))
            day = "?"
        return f"cron({minute} {hour} {day} {month} {weekday} *)"

    def _seek(self, moment: datetime, *, forward: bool) -> datetime:
        """The first due time from `moment` on, or the last one up to it; day by day."""
        _, _, days, months, weekdays = self._fields
        minute = 60 * moment.hour + moment.minute
        day = moment.replace(hour=0, minute=0)
        for _ in range(_LONGEST_GAP):
            if day.month in months and day.day in days and day.isoweekday() % 7 in weekdays:
                due = self._minutes
                index = bisect_left(due, minute) if forward else bisect_right(due, minute) - 1
                if 0 <= index < len(due):
                    return day + timedelta(minutes=due[index])
            day, minute = (day + _DAY, 0) if forward else (day - _DAY, _LAST_MINUTE)
        raise InvalidInput("cron", self.cron, "an expression that is ever due")


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise InvalidInput("time", time, "an aware datetime")
    return time.astimezone(UTC)


def _field(text: str, name: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, slash, every = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            start = low if span == "*" else int(first)
            stop = int(last) if dash else (high if span == "*" or slash else start)
            stride = int(every) if slash else 1
        except ValueError:
            raise InvalidInput(name, text, "numbers, *, a-b, a,b or */n") from None
        if not (low <= start <= stop <= high and stride >= 1):
            raise InvalidInput(name, text, f"numbers from {low} to {high}")
        values.update(range(start, stop + 1, stride))
    return frozenset(values)


# When each collector and chore is due (description 4.2); strategies carry their own schedule.
PRICES = Schedule("*/5 * * * *")
ONCHAIN = Schedule("0 * * * *")
MACRO = Schedule("0 3 * * *")
SENTIMENT = Schedule("0 * * * *")
PURGE = Schedule("0 2 * * *")
PRUNE = Schedule("*/5 * * * *")

# What becomes of a due time that was missed or whose function failed (description 4.3.2): three
# tries in all, about a minute apart, none of them later than the grace time.
MISFIRE_GRACE = timedelta(seconds=600)
RETRIES = 2
RETRY_AFTER = timedelta(minutes=1)
