"""The `collect_prices` function."""
