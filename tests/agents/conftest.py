"""The server that answers as models do, and a migrated database."""

from tests.llm.conftest import _model_server, served
from tests.stores.conftest import database, migrated, migrated_url

__all__ = ["_model_server", "database", "migrated", "migrated_url", "served"]
