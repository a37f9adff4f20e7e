"""How the gateway has a function run, and how that can fail."""

from collections.abc import Awaitable, Callable
from typing import Any

Invoke = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Runs the function of that manifest name with an event; its result, or one of these errors."""


class FunctionError(Exception):
    """The function `name` raised; `message` ends with what its exception said."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class FunctionTimeout(Exception):
    """The function `name` did not end within its time limit, as `message` says."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message
