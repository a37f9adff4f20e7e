"""A world of processes in which time, interleaving and faults come out of one seed.

Each process is ordinary synchronous code on a greenlet.  It reaches the outside through ports, and
each port calls `World.point` before and after its effect: there the process may die, freeze, be
told that the call failed, or simply take its time while others run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random

from greenlet import getcurrent, greenlet

START = datetime(2025, 11, 5, 0, 5, tzinfo=UTC)

Action = Callable[[], None]


class Killed(BaseException):
    """The process is gone: nothing of it runs any more, and whatever unwinds reaches no port."""


class Unreachable(Exception):
    """A call whose answer never came: its effect may be there or not."""


class Violation(Exception):
    """What must never be the case is."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How likely each fault is at a point (0..1), and for how long a frozen process stands still.

    `pace` is the usual length of a step; `freeze` and it are in seconds.
    """

    crash: float = 0.0
    error: float = 0.0
    frozen: float = 0.0
    freeze: float = 0.0
    pace: float = 0.1

    @classmethod
    def drawn(cls, random: Random) -> "Faults":
        """A mixture: most schedules have some kinds of fault often, and others not at all."""
        return cls(
            crash=random.choice((0.0, 0.004, 0.015, 0.05)),
            error=random.choice((0.0, 0.0, 0.01, 0.03)),
            frozen=random.choice((0.0, 0.01, 0.03)),
            freeze=random.choice((30.0, 200.0, 900.0)),
            pace=random.choice((0.01, 0.3, 3.0)),
        )


CALM = Faults(pace=0.01)


@dataclass(slots=True, eq=False)
class Process:
    """One invocation, `started` at that time of the world; its clock is off by `skew` seconds."""

    name: str
    started: float
    skew: float = 0.0
    dead: bool = False
    ended: bool = False
    greenlet: greenlet = field(default_factory=greenlet, repr=False)
    resume: Action = field(default=lambda: None, repr=False)


class World:
    """The time, what is to come, and whose turn it is.  `now` counts seconds since `START`."""

    def __init__(self, random: Random, faults: Faults, trace: list[str] | None = None) -> None:
        self.random, self.faults, self.trace = random, faults, trace
        self.now = 0.0
        self.steps = 0
        self.spawned = 0
        self.current: Process | None = None
        self._coming: list[tuple[float, int, Action]] = []
        self._number = 0
        self._hub = getcurrent()
        self._switch = self._hub.switch

    # ---------------------------------------------------------------- clocks

    def moment(self) -> datetime:
        """The true time."""
        return START + timedelta(seconds=self.now)

    def clock(self) -> datetime:
        """The wall clock of whoever asks: a process's may be off."""
        skew = self.current.skew if self.current else 0.0
        return START + timedelta(seconds=self.now + skew)

    def stopwatch(self) -> float:
        return self.now

    # ---------------------------------------------------------------- what happens when

    def after(self, seconds: float, action: Action) -> None:
        """Have `action` happen that much later; at the same time, in the order of asking."""
        self._number += 1
        heappush(self._coming, (self.now + seconds, self._number, action))

    def run(self) -> None:
        """Go on until nothing is to come any more."""
        coming = self._coming
        while coming:
            self.now, _, action = heappop(coming)
            action()

    def spawn(
        self, name: str, work: Callable[[], object], done: Callable[[object, bool], None]
    ) -> Process:
        """Start a process now.

        `done` is told the answer and whether there is one, unless the process dies: of that nobody
        tells.
        """
        self.spawned += 1
        process = Process(f"{name}#{self.spawned}", self.now)
        if self.faults.frozen:
            process.skew = self.random.uniform(-2.0, 2.0)

        def body() -> None:
            try:
                answer, answered = work(), True
            except Killed:
                process.ended = True
                return
            except Violation:
                raise
            except Exception as error:  # as the function's own runtime does
                self.say(f"failed: {type(error).__name__}: {error}")
                answer, answered = error, False
            process.ended = True
            done(answer, answered)

        process.greenlet = greenlet(body, self._hub)
        switch = process.greenlet.switch

        def resume() -> None:
            self.current = process
            switch()
            self.current = None

        process.resume = resume
        self.after(0.0, resume)
        return process

    def start(self, name: str, work: Callable[[], object]) -> None:
        """Start a process of which nobody wants to know how it ends."""
        self.spawn(name, work, lambda answer, answered: None)

    # ---------------------------------------------------------------- within a process

    def point(self, what: str, error: Callable[[str], Exception] = Unreachable) -> None:
        """Where a process may be interrupted: `what` is about to happen, or just has.

        Outside of any process, as while a test looks on, it does nothing.
        """
        process = self.current
        if process is None:
            return
        if process.dead:
            raise Killed
        self.steps += 1
        faults, random = self.faults, self.random.random
        roll = random()
        pause = random() * faults.pace
        if roll < faults.crash:
            self.say(f"{what}: KILLED")
            process.dead = True
            raise Killed
        roll -= faults.crash
        if roll < faults.error:
            self.say(f"{what}: NO ANSWER")
            raise error(what)
        roll -= faults.error
        if roll < faults.frozen:
            pause = random() * faults.freeze
            self.say(f"{what}: frozen for {pause:.0f} s")
        elif self.trace is not None:
            self.say(what)
        self.wait(pause)

    def wait(self, seconds: float) -> None:
        """Stand still for that long; others run meanwhile."""
        process, until = self.current, self.now + seconds
        if process is None:
            raise RuntimeError("outside of any process there is nobody to wait for")
        if not self._coming or until < self._coming[0][0]:
            self.now = until
            return
        self._number += 1
        heappush(self._coming, (until, self._number, process.resume))
        self._switch()

    def say(self, what: str) -> None:
        if self.trace is not None:
            who = self.current.name if self.current else "the world"
            self.trace.append(f"{self.now:9.2f} s  {who:<16} {what}")
