"""What can go wrong inside a body, knowing its shape.  Each mutation changes a tree in place."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.fuzz.odd import ERRORS, INSTEAD, ODD, number
from tests.fuzz.tree import Key, Node, Raw, Role, Shape, Twin

# ---------------------------------------------------------------- rows


def drop_row(rng: Random, root: Node, shape: Shape) -> None:
    found = shape.container(root)
    if found:
        del found[rng.choice(list(found)) if isinstance(found, dict) else rng.randrange(len(found))]


def double_row(rng: Random, root: Node, shape: Shape) -> None:
    """The same row twice, near or far, and half the time with another value."""
    found = shape.container(root)
    if not isinstance(found, list) or not found:
        return
    row = deepcopy(rng.choice(found))
    if rng.random() < 0.5:
        _scale(row, shape, Decimal(rng.choice(("1.01", "0.99", "1.5"))))
    found.insert(rng.randint(0, len(found)), row)


def reorder(rng: Random, root: Node, shape: Shape) -> None:
    found = shape.container(root)
    if isinstance(found, dict):
        items = list(found.items())
        found.clear()
        found.update(reversed(items))
    elif found:
        found.reverse() if rng.random() < 0.5 else rng.shuffle(found)


def swap_rows(rng: Random, root: Node, shape: Shape) -> None:
    """Two rows, or one field of two rows, change places."""
    rows = shape.rows(root)
    if len(rows) < 2:
        return
    one, other = rng.sample(rows, 2)
    if type(one) is not type(other):
        return
    keys = [key for key in _keys(one) if key in _keys(other)]
    for key in keys if rng.random() < 0.4 else rng.sample(keys, min(1, len(keys))):
        one[key], other[key] = other[key], one[key]


def empty(rng: Random, root: Node, shape: Shape) -> None:
    found = shape.container(root)
    if found is not None:
        found.clear()


def odd_row(rng: Random, root: Node, shape: Shape) -> None:
    found = shape.container(root)
    if found:
        key: Any = rng.choice(_keys(found))
        found[key] = rng.choice(INSTEAD)()


# ---------------------------------------------------------------- fields


def drop_field(rng: Random, root: Node, shape: Shape) -> None:
    row, key = _field(rng, root, shape)
    if row is not None:
        del row[key]


def swap_fields(rng: Random, root: Node, shape: Shape) -> None:
    rows = shape.rows(root)
    row: Node = rng.choice(rows) if rows else []
    if len(row) > 1:
        one, other = rng.sample(_keys(row), 2)
        row[one], row[other] = row[other], row[one]


def extra_field(rng: Random, root: Node, shape: Shape) -> None:
    rows = shape.rows(root)
    if not rows:
        return
    row, extra = rng.choice(rows), rng.choice(INSTEAD)()
    if isinstance(row, dict):
        row[f"extra{rng.randrange(9)}"] = extra
    else:
        row.insert(rng.randint(0, len(row)), extra)


def rename(rng: Random, root: Node, shape: Shape) -> None:
    """A key in a row, around the rows, or of a row, is called something else."""
    places = [one for one in (root, shape.container(root), *shape.rows(root)) if one]
    places = [one for one in places if isinstance(one, dict)]
    if places:
        place = rng.choice(places)
        key = rng.choice(list(place))
        new = rng.choice((key.upper(), key.title(), f" {key}", f"{key}\u200b", "", "value", "data"))
        place[new] = place.pop(key)


def double_key(rng: Random, root: Node, shape: Shape) -> None:
    """The same key twice in one object: what is read is the second one."""
    places = [one for one in (root, *shape.rows(root)) if isinstance(one, dict) and one]
    if places:
        place = rng.choice(places)
        key = rng.choice(list(place))
        place[Twin(key)] = number(rng) if rng.random() < 0.5 else deepcopy(place[key])


def retype(rng: Random, root: Node, shape: Shape) -> None:
    """Number to string and back, or into something else altogether."""
    row, key = _field(rng, root, shape)
    if row is None:
        return
    value = row[key]
    roll = rng.random()
    if roll < 0.5:
        row[key] = Raw(value) if type(value) is str else str(value)
    elif roll < 0.65:
        row[key] = rng.choice(([value], {"value": value}, [value, value]))
    else:
        row[key] = rng.choice(INSTEAD)()


def absurd(rng: Random, root: Node, shape: Shape) -> None:
    row, key = _field(rng, root, shape)
    if row is not None:
        row[key] = rng.choice(ODD) if shape.fields.get(key) is Role.NAME else number(rng)


def moved(rng: Random, root: Node, shape: Shape) -> None:
    """A value, or all of a row, is a little or a lot more or less: odd, but not impossible."""
    rows = shape.rows(root)
    if not rows:
        return
    row = rng.choice(rows)
    factor = Decimal(rng.choice(("0.999", "1.001", "1.19", "1.3", "0.7", "2", "0.01", "1000")))
    _scale(row, shape, factor, only=None if rng.random() < 0.7 else rng.choice(_keys(row) or [0]))


# ---------------------------------------------------------------- times


def shift(rng: Random, root: Node, shape: Shape) -> None:
    """One time, or all of them: between two bars, ahead, ancient, or in another unit."""
    rows = shape.rows(root)
    if not rows:
        return
    steps = shape.step * rng.choice((1, 1, -1, 2, -2, 3, 30, -400, 40_000, -40_000))
    fraction = shape.step * rng.choice((0.5, 0.01, -0.25))
    near = timedelta(seconds=rng.choice((1, -1, 59, 61, 120, 300)), milliseconds=rng.choice((0, 1)))
    by = rng.choice((steps, steps, fraction, near))
    factor = rng.choice((1000, 1_000_000, 0)) if rng.random() < 0.15 else 1
    for row in rows if rng.random() < 0.4 else [rng.choice(rows)]:
        for key in shape.of(row, Role.TIME):
            row[key] = _shifted(row[key], by, factor, shape.unit)


def _shifted(value: Node, by: timedelta, factor: int, unit: timedelta | None) -> Node:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    try:
        if unit is None:
            value = str(value)
            moment = datetime.fromisoformat(value[:19]) + by
            return moment.isoformat()[: len(value)] + value[19:]
        count = int(value) // 1000 if factor == 0 else (int(value) + by // unit) * factor
    except (ValueError, TypeError, OverflowError):
        return value
    return str(count) if type(value) is str else count


# ---------------------------------------------------------------- the whole


def replace_root(rng: Random, root: Node, shape: Shape) -> None:
    """Everything is emptied, or made to look like an error."""
    if isinstance(root, list):
        root.clear()
        root.extend([rng.choice(INSTEAD)() for _ in range(rng.randrange(3))])
    elif isinstance(root, dict):
        if rng.random() < 0.5:
            root.clear()
        root.update(rng.choice(ERRORS))


def nest(rng: Random, root: Node, shape: Shape) -> None:
    row, key = _field(rng, root, shape)
    if row is None:
        return
    depth = rng.choice((3, 50, 2_000, 200_000))
    pairs = rng.choice((("[", "]"), ('{"a":', "}")))
    row[key] = Raw(pairs[0] * depth + "1" + pairs[1] * depth)


MUTATIONS: tuple[tuple[Callable[[Random, Node, Shape], None], int], ...] = (
    *((drop_row, 8), (double_row, 8), (reorder, 6), (swap_rows, 7), (empty, 1), (odd_row, 2)),
    *((drop_field, 3), (swap_fields, 5), (extra_field, 5), (rename, 2), (double_key, 4)),
    *((retype, 9), (absurd, 13), (moved, 14), (shift, 14), (replace_root, 1), (nest, 1)),
)


def _keys(row: Node) -> list[Key]:
    return list(row) if isinstance(row, dict) else list(range(len(row)))


def _field(rng: Random, root: Node, shape: Shape) -> tuple[Node, Any]:
    """A row and a key in it, more often of a field that counts."""
    rows = [row for row in shape.rows(root) if row]
    if not rows:
        return None, None
    row = rng.choice(rows)
    counts = list(shape.of(row, Role.PRICE, Role.AMOUNT, Role.TIME, Role.NAME))
    return row, rng.choice(counts if counts and rng.random() < 0.8 else _keys(row))


def _scale(row: Node, shape: Shape, factor: Decimal, only: Key | None = None) -> None:
    for key in shape.of(row, Role.PRICE, Role.AMOUNT):
        if only is None or key == only:
            row[key] = _scaled(row[key], factor)


def _scaled(value: Node, factor: Decimal) -> Node:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value
    try:
        scaled = Decimal(value) * factor
    except ArithmeticError:
        return value
    if not scaled.is_finite() or abs(scaled.adjusted()) > 40:
        return value
    text = f"{scaled:f}"
    return text if type(value) is str else Raw(text)
