"""Text with a value between separators, in the encodings that offices' programs write."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from workflows.exchange.sheet import Sheet, of_old_letters, sheet_of, unreadable

SEPARATORS = ",;\t|"
ENCODINGS = ("utf-8-sig", "utf-16")


def read(data: bytes, name: str) -> Sequence[Sheet]:
    """The one sheet of the file, which has no name of its own; raises ``Refused``."""
    text = _text(data, name)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        raise unreadable(name) from error
    numbered = (
        (number, {column: (value, False) for column, value in enumerate(line)})
        for number, line in enumerate(lines, 1)
    )
    return [sheet_of("", numbered)]


def _text(data: bytes, name: str) -> str:
    # A mark at the beginning tells UTF-16; without one every pair of bytes would be a letter.
    encoding = ENCODINGS[data[:2] in (b"\xff\xfe", b"\xfe\xff")]
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise (of_old_letters(name) if _looks_written(data) else unreadable(name)) from error
    if "\0" in text:
        raise unreadable(name)
    return text


def _looks_written(data: bytes) -> bool:
    """Whether bytes are lines of some text, as programs wrote it before Unicode (windows-1258,
    TCVN3, VNI): which one they do not tell, and a wrong guess would make other names."""
    return b"\n" in data and min(data) >= ord("\t")


def _separator(text: str) -> str:
    """The separator that stands most often in the first lines, outside of quotes."""
    first = "".join("".join(text.splitlines(keepends=True)[:20]).split('"')[::2])
    return max(SEPARATORS, key=first.count)


def write(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """Commas, UTF-8 with the mark by which spreadsheet programs know it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([headings, *rows])
    return out.getvalue().encode("utf-8-sig")
