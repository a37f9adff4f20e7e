"""Frozen values that are made by the million."""

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any


def quickly_made[T](cls: type[T]) -> type[T]:
    """Let a frozen dataclass with slots, `cls`, be made in half the time; nothing else changes.

    The `__init__` of a frozen dataclass looks every field up by its name before it sets it.  This
    one has the slots at hand.
    """
    scope: dict[str, Any] = {}
    arguments, lines = ["self"], []
    for item in fields(cls):  # type: ignore[arg-type]  # there is no type for "a dataclass"
        if not item.init:
            continue
        name = item.name
        argument = name
        scope[f"set_{name}"] = vars(cls)[name].__set__
        if item.default is not MISSING:
            scope[f"default_{name}"] = item.default
            argument = f"{name}=default_{name}"
        elif item.default_factory is not MISSING:
            scope[f"make_{name}"], scope["missing"] = item.default_factory, MISSING
            argument = f"{name}=missing"
            lines.append(f"if {name} is missing: {name} = make_{name}()")
        arguments.append(argument)
        lines.append(f"set_{name}(self, {name})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    source = f"def __init__({', '.join(arguments)}):\n" + "".join(f" {line}\n" for line in lines)
    exec(source, scope)  # noqa: S102  # of names of fields alone, as `dataclasses` does it
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    made.__annotations__ = dict(cls.__init__.__annotations__)
    cls.__init__ = made  # type: ignore[method-assign]
    return cls
