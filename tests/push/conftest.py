"""The migrated database of the stores' tests, and a strategy's followers in it."""

from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["database", "migrated", "migrated_url"]
