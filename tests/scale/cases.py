"""Every public method of every Postgres store; `test_complete` fails for one that is missing."""

from tests.scale import (
    backtest_cases,
    book_cases,
    chat_cases,
    market_cases,
    model_cases,
    receipt_cases,
    run_cases,
)

CASES = {
    **backtest_cases.CASES,
    **market_cases.CASES,
    **run_cases.CASES,
    **book_cases.CASES,
    **model_cases.CASES,
    **chat_cases.CASES,
    **receipt_cases.CASES,
}
