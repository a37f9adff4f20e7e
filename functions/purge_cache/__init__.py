"""The `purge_cache` function."""
