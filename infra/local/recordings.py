"""Where recorded data lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def default_recording() -> Path:
    """Recorded data: AUTOMONEY_MARKET_DATA, or `shared/market-data` beside the checkout."""
    beside = ROOT.parent / "shared" / "market-data"
    return Path(os.environ.get("AUTOMONEY_MARKET_DATA", beside))
