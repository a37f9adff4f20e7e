"""A file of candles, row by row: CSV, plain or gzipped, from a path or standard input.

Rows go by as floats and not as `Candle`s: a million of them in seconds, and in constant memory.
"""

import csv
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader, StringIO, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from automoney.errors import InvalidInput
from infra.local.candle_block import BlockReader
from infra.local.candle_row import RowReader, Values

_BLOCK = 65_536  # characters that are read at once, and the most that a line may have
_GZIP = b"\x1f\x8b"


class BadRow(InvalidInput):
    """A line of a file that cannot be meant; reads `FILE:LINE: reason`."""

    def __init__(self, file: str, line: int, field: str, value: object, expected: str) -> None:
        super().__init__(field, value, expected)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {super().__str__()}"


class CandleFile:
    """The file `name`; `-` is standard input.  Lines are counted from 1, the header's."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._line = 1  # where the row begins that is read: a quoted value may span several
        self._odd = False  # the text has an underscore or a character beyond ASCII

    def rows(self) -> Iterator[tuple[int, Values]]:
        """Each row with its line, checked as `RowReader` does, and read only when it is asked for.

        Raises InvalidInput for a file that cannot be opened and BadRow for the first bad line.
        """
        with _opened(self.name) as file:
            try:
                first = csv.reader([file.readline(_BLOCK)], strict=True)
                header = [name.strip() for name in next(first)]
                reader = RowReader(header)
                self._line = 2
                yield from self._read(BlockReader(header), reader, _texts(file))
                if self._line == 2:
                    raise InvalidInput("row", "", "at least one below the header")
            except InvalidInput as error:
                raise self.bad_row(self._line, error.field, error.value, error.expected) from None
            except csv.Error as error:
                expected = "values between commas, and quotes in pairs"
                raise self.bad_row(self._line, "row", str(error), expected) from error
            except (EOFError, OSError, zlib.error) as error:
                raise self.bad_row(self._line, "file", str(error), "a whole one") from error

    def bad_row(self, line: int, field: str, value: object, expected: str) -> BadRow:
        return BadRow(self.name, line, field, value, expected)

    def _read(
        self, quick: BlockReader, reader: RowReader, texts: Iterator[str]
    ) -> Iterator[tuple[int, Values]]:
        """By the thousand up to a text that has anything but plain rows, from there one by one."""
        for text in texts:
            rows = quick.read(text)
            if rows is None:
                yield from self._one_by_one(reader, chain([text], texts))
                return
            for row in rows:
                yield self._line, row
                self._line += 1
            reader.go_on_after(rows[-1][0])

    def _one_by_one(self, reader: RowReader, texts: Iterable[str]) -> Iterator[tuple[int, Values]]:
        begin = self._line
        table = csv.reader(chain.from_iterable(self._lines(texts)), strict=True)
        for row in table:
            if not row and not any(table):
                return  # nothing but empty lines up to the end
            yield self._line, reader.read(row, odd=self._odd and _odd("".join(row)))
            self._line = begin + table.line_num

    def _lines(self, texts: Iterable[str]) -> Iterator[StringIO]:
        for text in texts:
            self._odd = _odd(text)
            yield StringIO(text, newline="")


def _texts(file: TextIO) -> Iterator[str]:
    """Some thousand whole lines at once; one that never ends is cut, and so refused."""
    while text := file.read(_BLOCK):
        yield text + file.readline(_BLOCK)


def _odd(text: str) -> bool:
    return "_" in text or not text.isascii()


@contextmanager
def _opened(name: str) -> Iterator[TextIO]:
    """The text of the file, or of the file that is gzipped in it, its line ends as they are."""
    with ExitStack() as stack:
        try:
            raw = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        except OSError as error:
            raise InvalidInput("--candles", name, f"a file to read ({error.strerror})") from None
        magic = cast("BufferedReader", raw).peek(len(_GZIP))[: len(_GZIP)]
        if magic != _GZIP and magic and name.endswith(".gz"):
            raise BadRow(name, 1, "file", magic, "a gzip file, or a name that does not end in .gz")
        data = gzip.GzipFile(fileobj=raw) if magic == _GZIP else raw
        # What is not UTF-8 is read as odd characters, to be refused with its line.
        yield TextIOWrapper(
            cast("BinaryIO", data), "utf-8-sig", errors="surrogateescape", newline=""
        )
