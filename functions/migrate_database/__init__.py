"""The `migrate_database` function."""
