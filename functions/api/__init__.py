"""The `api` function."""
