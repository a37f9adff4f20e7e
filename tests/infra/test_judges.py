"""docs/judges.md says what the tables say, and what the tables say of the past is so."""

import csv
from pathlib import Path

import pytest

from automoney.agents import intraday, macro, onchain, technical
from automoney.agents.rules import Rule
from infra.local.judges import judges_in_words

ROOT = Path(__file__).parents[2]
TABLES = (
    macro.RULES,
    onchain.RULES_BY_Z,
    onchain.RULES_BY_RATIO,
    technical.RULES,
    intraday.RULES,
)
ALL = [pytest.param(rule, id=rule.name) for rules in TABLES for rule in rules]


def test_the_document_is_made_of_the_tables() -> None:
    assert (ROOT / "docs" / "judges.md").read_text() == judges_in_words(), (
        "run ./dev judges > docs/judges.md"
    )


@pytest.mark.parametrize("rule", ALL)
def test_every_rule_says_where_it_is_from(rule: Rule) -> None:
    assert len(rule.source) > 80
    assert rule.source.endswith(".")


def column(path: Path, name: str) -> dict[str, float]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {next(iter(row.values()))[:10]: float(row[name]) for row in rows if row[name]}


def best(values: dict[str, float], year: str) -> float:
    return max(value for day, value in values.items() if day.startswith(year))


def worst(values: dict[str, float], year: str) -> float:
    return min(value for day, value in values.items() if day.startswith(year))


def test_what_is_said_of_mvrv_is_on_record(market_data: Path) -> None:
    chain = market_data / "onchain" / "btc.csv"
    ratio, score = column(chain, "mvrv"), column(chain, "mvrv_z_derived")

    assert all(best(ratio, year) > 3.7 for year in ("2013", "2017", "2021"))
    assert all(worst(ratio, year) < 1 for year in ("2015", "2018", "2022"))
    assert all(best(score, year) > 7 for year in ("2013", "2017", "2021"))
    assert all(worst(score, year) < 0.1 for year in ("2015", "2018", "2022"))
    tops = [best(score, year) for year in ("2013", "2017", "2021")]
    assert tops == sorted(tops, reverse=True), "tops have come lower each time"


def test_what_is_said_of_money_is_on_record(market_data: Path) -> None:
    money = column(market_data / "macro" / "M2SL.csv", "value")
    months = sorted(money)

    def growth(month: str, back: int) -> float:
        return 100 * (money[month] / money[months[months.index(month) - back]] - 1)

    years = {month: growth(month, 12) for month in months[12:]}
    assert max(years, key=lambda month: years[month]) == "2021-02-01"
    assert min(years, key=lambda month: years[month]) == "2023-04-01"
    assert (round(years["2021-02-01"], 1), round(years["2023-04-01"], 1)) == (26.8, -4.6)
    turn = {month: 2 * growth(month, 6) - years[month] for month in months[12:]}
    assert turn["2023-08-01"] < 0 < turn["2023-09-01"]
    assert years["2023-09-01"] < 0
