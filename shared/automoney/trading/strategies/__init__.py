"""Strategies are data: each module in this folder with a `STRATEGY` is one."""

from importlib import import_module
from pkgutil import iter_modules

from automoney.errors import Unknown
from automoney.trading.strategies.hodl_wave import STRATEGY as HODL_WAVE
from automoney.trading.strategies.model import AGENTS, Strategy

__all__ = ["AGENTS", "HODL_WAVE", "STRATEGIES", "Strategy", "strategy_named"]


def _found() -> dict[str, Strategy]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    strategies: list[Strategy] = [one.STRATEGY for one in modules if hasattr(one, "STRATEGY")]
    # Those that ship enabled come first, wherever they are listed.
    ordered = sorted(strategies, key=lambda one: (not one.enabled, one.id))
    return {strategy.id: strategy for strategy in ordered}


STRATEGIES = _found()


def strategy_named(name: str) -> Strategy:
    """The strategy with this id; Unknown lists the known ones otherwise."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise Unknown("strategy", name, STRATEGIES) from None
