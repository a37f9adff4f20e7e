"""The `collect_sentiment` function."""
