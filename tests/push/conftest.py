"""The stores' database, and the gateway with the real ws_* handlers behind it."""

from tests.infra.gateway.conftest import gateway, limits, page_dir, server
from tests.infra.gateway.product import product
from tests.stores.conftest import database, migrated, migrated_url

__all__ = [
    "database",
    "gateway",
    "limits",
    "migrated",
    "migrated_url",
    "page_dir",
    "product",
    "server",
]
