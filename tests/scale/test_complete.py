"""Whoever adds a store or a method adds a case, or this fails."""

import importlib
import inspect
import pkgutil

from automoney import stores
from tests.scale.cases import CASES


def test_every_method_of_every_postgres_store_has_a_case() -> None:
    found = {
        f"{name}.{method}"
        for module in pkgutil.iter_modules(stores.__path__, "automoney.stores.")
        for name, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if name.startswith("Postgres")
        for method, _ in inspect.getmembers(kind, inspect.isfunction)
        if not method.startswith("_")
    }

    assert set(CASES) == found
