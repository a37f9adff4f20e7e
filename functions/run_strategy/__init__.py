"""The `run_strategy` function."""
