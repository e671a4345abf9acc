"""OpenDocument spreadsheets (ISO/IEC 26300): the little of them that a table of values needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from io import BytesIO
from xml.etree import ElementTree as ET
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from workflows.exchange.sheet import (
    COLUMNS,
    ROWS,
    UNPACKED,
    Sheet,
    Value,
    blank,
    sheet_of,
    too_big,
    unreadable,
)

MIMETYPE = b"application/vnd.oasis.opendocument.spreadsheet"

_NAMES = {
    part: f"urn:oasis:names:tc:opendocument:xmlns:{part}:1.0"
    for part in ("office", "table", "text", "manifest")
}


def _name(part: str, local: str) -> str:
    return f"{{{_NAMES[part]}}}{local}"


_ROW, _CELL, _COVERED = (
    _name("table", n) for n in ("table-row", "table-cell", "covered-table-cell")
)

Line = Mapping[int, tuple[Value, bool]]


def is_ods(data: bytes) -> bool:
    """Whether the archive says of itself that it is such a spreadsheet."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            return archive.read("mimetype").startswith(MIMETYPE)
    except (BadZipFile, KeyError, OSError, RuntimeError):
        return False


def read(data: bytes, name: str) -> Iterator[Sheet]:
    """Every table of the file, one by one; raises ``Refused``."""
    try:
        root = ET.fromstring(_content(data, name))  # noqa: S314 - no entities: see below
        for table in root.iter(_name("table", "table")):
            yield sheet_of(table.get(_name("table", "name"), ""), _lines(table))
    except (BadZipFile, KeyError, OSError, RuntimeError, ValueError, ET.ParseError) as error:
        raise unreadable(name) from error


def _content(data: bytes, name: str) -> bytes:
    with ZipFile(BytesIO(data)) as archive:
        if archive.getinfo("content.xml").file_size > UNPACKED:
            raise unreadable(name)
        content = archive.read("content.xml")
    # A spreadsheet has no document type; entities could unfold without end.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise unreadable(name)
    return content


def _lines(table: ET.Element) -> Iterator[tuple[int, Line]]:
    """Numbered lines; a repeated line that holds nothing only counts. Raises ``Refused``
    (``sheet_too_big``) for one that holds something further down than we read."""
    number = 1
    spans: dict[int, tuple[int, Value]] = {}
    for row in table.iter(_ROW):
        times = _repeated(row, "rows")
        line = _line(row, spans)
        for _ in range(times if line else 0):
            if number > ROWS:
                raise too_big()
            yield number, line
            number += 1
        number += 0 if line else times


def _line(row: ET.Element, spans: dict[int, tuple[int, Value]]) -> Line:
    """The values of a row; ``spans`` keeps what merged cells still give to rows below."""
    line: dict[int, tuple[Value, bool]] = {}
    column, wide, given = 0, 0, None
    for cell in row:
        if cell.tag not in (_CELL, _COVERED):
            continue
        for _ in range(min(_repeated(cell, "columns"), COLUMNS - column)):
            if cell.tag == _CELL:
                given = _value(cell)
                wide = column + int(cell.get(_name("table", "number-columns-spanned"), "1"))
                tall = int(cell.get(_name("table", "number-rows-spanned"), "1"))
                for below in range(column, min(wide, COLUMNS) if tall > 1 else column):
                    spans[below] = (tall - 1, given)
                line[column] = (given, False)
            else:
                line[column] = (_covered(column, wide, given, spans), True)
            column += 1
    return {at: found for at, found in line.items() if not blank(found[0])}


def _covered(column: int, wide: int, given: Value, spans: dict[int, tuple[int, Value]]) -> Value:
    if column < wide:
        return given
    left, value = spans.pop(column, (0, None))
    if left > 1:
        spans[column] = (left - 1, value)
    return value if left else None


def _repeated(element: ET.Element, what: str) -> int:
    return int(element.get(_name("table", f"number-{what}-repeated"), "1"))


def _value(cell: ET.Element) -> Value:
    kind = cell.get(_name("office", "value-type"))
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(_name("office", "value"), "0"))
    if kind == "date":
        return date.fromisoformat(cell.get(_name("office", "date-value"), "")[:10])
    paragraphs = cell.findall(_name("text", "p"))
    return "\n".join("".join(p.itertext()) for p in paragraphs) or None


def write(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    """A spreadsheet of one table: the headings, then the rows, every cell as text."""
    root = ET.Element(_name("office", "document-content"), {_name("office", "version"): "1.3"})
    body = ET.SubElement(
        ET.SubElement(root, _name("office", "body")), _name("office", "spreadsheet")
    )
    table = ET.SubElement(body, _name("table", "table"), {_name("table", "name"): title})
    for line in (headings, *rows):
        row = ET.SubElement(table, _ROW)
        for text in line:
            cell = ET.SubElement(row, _CELL, {_name("office", "value-type"): "string"})
            ET.SubElement(cell, _name("text", "p")).text = text
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIMETYPE, ZIP_STORED)
        archive.writestr("content.xml", ET.tostring(root, "utf-8", xml_declaration=True))
        archive.writestr("META-INF/manifest.xml", _manifest())
    return out.getvalue()


def _manifest() -> bytes:
    root = ET.Element(_name("manifest", "manifest"), {_name("manifest", "version"): "1.3"})
    for path, kind in (("/", MIMETYPE.decode()), ("content.xml", "text/xml")):
        told = {_name("manifest", "full-path"): path, _name("manifest", "media-type"): kind}
        ET.SubElement(root, _name("manifest", "file-entry"), told)
    return bytes(ET.tostring(root, "utf-8", xml_declaration=True))
