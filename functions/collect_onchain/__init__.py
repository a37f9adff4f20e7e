"""The `collect_onchain` function."""
