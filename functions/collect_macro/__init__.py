"""The `collect_macro` function."""
