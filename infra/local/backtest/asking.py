"""What a backtest or a check of one is asked for: which data, which span, at what costs."""

from argparse import ArgumentTypeError
from datetime import UTC, datetime
from decimal import Decimal
from os import environ
from pathlib import Path

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput
from automoney.settings import Settings
from infra.local.backtest.collecting import without_collecting
from infra.local.backtest.market import RecordedMarket
from infra.local.backtest.series import MACRO
from infra.local.recordings import default_recording
from infra.local.world.csv_files import BadRecording
from infra.local.world.recording import Recording, load_recording


def day(text: str) -> datetime:
    """An option's day like 2025-09-08, or a time of it."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day like 2025-09-08") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def folder_of(given: Path | None) -> Path:
    """The folder of recorded data, by default the checkout's; InvalidInput if it is none."""
    folder = given or default_recording()
    if not folder.is_dir():
        raise InvalidInput("--data", str(folder), "a folder of recorded data")
    return folder


def recording_of(folder: Path, assets: tuple[str, ...]) -> Recording:
    """The recording of those of `assets` that this installation watches."""
    here = Settings.parse(environ).assets
    wanted = tuple(asset for asset in assets if asset in here)
    if not wanted:
        raise InvalidInput("AUTOMONEY_ASSETS", ",".join(here), f"some of {', '.join(assets)}")
    try:
        with without_collecting():
            return load_recording(folder, wanted, macro=MACRO)
    except BadRecording as error:
        raise InvalidInput("--data", str(folder), f"data that can be read: {error}") from error


def recorded_span(
    market: RecordedMarket, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """From when to before when, by default all there is; InvalidInput outside of that."""
    begins, ends = start or market.begins, end or market.ends
    covered = f"a day from {market.begins:%Y-%m-%d} to {market.ends:%Y-%m-%d}"
    if not market.begins <= begins < market.ends:
        raise InvalidInput("--from", f"{begins:%Y-%m-%d}", f"{covered}, before its end")
    if not market.begins < ends <= market.ends:
        raise InvalidInput("--to", f"{ends:%Y-%m-%d}", f"{covered}, after its beginning")
    if begins >= ends:
        raise InvalidInput("--to", f"{ends:%Y-%m-%d}", f"a day after --from {begins:%Y-%m-%d}")
    return begins, ends


def share(option: str, text: str) -> Decimal:
    """A share of a price or a trade."""
    expected = "a share from 0 to below 1, such as 0.001"
    found = _number(option, text, expected)
    if not 0 <= found < 1:
        raise InvalidInput(option, text, expected)
    return found


def money(option: str, text: str) -> Decimal:
    """An amount of quote currency."""
    found = _number(option, text, "an amount above 0")
    if found <= 0:
        raise InvalidInput(option, text, "an amount above 0")
    return found


def _number(option: str, text: str, expected: str) -> Decimal:
    try:
        return parse_decimal(text, option)
    except InvalidInput:
        raise InvalidInput(option, text, expected) from None
