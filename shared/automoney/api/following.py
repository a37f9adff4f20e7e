"""How one follows a strategy: guards as they are wished for, and as they are shown."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from automoney.encoding import parse_decimal
from automoney.errors import InvalidInput
from automoney.trading.guards import Guards
from automoney.trading.orders import Costs
from automoney.trading.strategies import Strategy

_Code = Annotated[str, Field(max_length=12)]


def _share(description: str, like: str) -> Any:
    return Field(None, max_length=12, examples=[like], description=description)


class Following(BaseModel):
    """How the caller wants to follow; decimals as strings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    maxPosition: str | None = _share(
        "Largest share of equity in one asset that a buy may lead to, above 0 and at most 1", "0.5"
    )
    maxDailyLoss: str | None = _share(
        "Share of the day's opening equity after whose loss nothing is bought until midnight UTC,"
        " above 0 and below 1",
        "0.05",
    )
    allowedAssets: list[_Code] | None = Field(
        None,
        max_length=50,
        examples=[["BTC"]],
        description="What may be bought; anything else is only ever sold",
    )
    fee: str | None = _share("What a trade is reckoned to cost, as a share of it", "0.001")
    slippage: str | None = _share("How far the price moves against you, as a share", "0.0005")


def guards_wished(wish: Following, strategy: Strategy, now: Guards, usual: Costs) -> Guards:
    """The guards of `now` with those changed that the wish names.

    Null is the strategy's own, and for costs those of the installation, `usual`.  Raises
    InvalidInput naming the field.
    """
    named, own = wish.model_fields_set, strategy.guards
    if "maxPosition" in named:
        text = wish.maxPosition
        share = own.max_position if text is None else _above_0(text, "maxPosition")
        now = replace(now, max_position=share)
    if "maxDailyLoss" in named:
        text = wish.maxDailyLoss
        now = replace(now, max_daily_loss=own.max_daily_loss if text is None else _loss(text))
    if "allowedAssets" in named:
        now = replace(now, allowed_assets=_allowed(wish.allowedAssets, strategy))
    return replace(now, costs=_costs(wish, now.costs, usual))


def guards_data(guards: Guards) -> dict[str, Any]:
    """What the API shows of them; null is as it comes."""
    return {
        "maxPosition": guards.max_position,
        "maxDailyLoss": guards.max_daily_loss,
        "allowedAssets": guards.allowed_assets,
        "fee": guards.costs.fee if guards.costs else None,
        "slippage": guards.costs.slippage if guards.costs else None,
    }


def _costs(wish: Following, now: Costs | None, usual: Costs) -> Costs | None:
    named = wish.model_fields_set & {"fee", "slippage"}
    if not named:
        return now
    if len(named) == 2 and wish.fee is None and wish.slippage is None:
        return None
    fee, slippage = (now or usual).fee, (now or usual).slippage
    if "fee" in named:
        fee = usual.fee if wish.fee is None else _cost(wish.fee, "fee")
    if "slippage" in named:
        slippage = usual.slippage if wish.slippage is None else _cost(wish.slippage, "slippage")
    return Costs(fee, slippage)


def _loss(text: str) -> Decimal:
    share = _above_0(text, "maxDailyLoss")
    if share == 1:
        raise InvalidInput("maxDailyLoss", text, "a share below 1, such as 0.05")
    return share


def _above_0(text: str, field: str) -> Decimal:
    share = parse_decimal(text, field)
    if not (0 < share <= 1 and share == round(share, 8)):
        expected = "a share above 0 and at most 1 with up to 8 decimals, such as 0.5"
        raise InvalidInput(field, text, expected)
    return share


def _cost(text: str, field: str) -> Decimal:
    share = parse_decimal(text, field)
    if not (0 <= share < 1 and share == round(share, 8)):
        expected = "a share from 0 to below 1 with up to 8 decimals, such as 0.001"
        raise InvalidInput(field, text, expected)
    return share


def _allowed(assets: list[str] | None, strategy: Strategy) -> frozenset[str] | None:
    for asset in assets or ():
        if asset not in strategy.assets:
            raise InvalidInput("allowedAssets", asset, f"some of {', '.join(strategy.assets)}")
    return None if assets is None else frozenset(assets)
