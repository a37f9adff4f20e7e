"""The `execute_orders` function."""
