"""Records as a table for spreadsheet programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from workflows.records.book import Record
from workflows.records.kinds import Kind, kinds
from workflows.records.numbers import Number, written
from workflows.wording import names


def table(
    records: Sequence[Record], units: Mapping[int, str], language: str = "vi"
) -> Iterator[str]:
    """The records as CSV, a line for each figure (one for a record without any)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([one[language] for one in names()["record_columns"].values()])
    for record in records:
        told = kinds().get(record.kind)
        for label, value in _figures(record, told, language):
            cells = [
                units[record.unit_id],
                told.label[language] if told else record.kind,
                told.named(record.name, language) if told else record.name,
                record.starts_on.isoformat(),
                record.ends_on.isoformat(),
                record.reference,
                label,
                value,
                record.source,
                record.source_on.isoformat() if record.source_on else "",
                names()["confidence"][record.confidence][language],
                record.note,
                str(record.id),
            ]
            writer.writerow([_safe(cell) for cell in cells])
    yield "\ufeff"  # spreadsheet programs read UTF-8 only behind this mark
    yield buffer.getvalue()


def _figures(record: Record, told: Kind | None, language: str) -> Iterator[tuple[str, str]]:
    if not record.measures:
        yield "", ""
    for one in record.measures:
        measure = told.measure(one.measure) if told else None
        number = Number(one.value, one.high, one.mark)
        if measure is None:
            yield one.measure, written(number, language=language)
        else:
            text = written(number, measure.decimals, plain=True, language=language)
            yield measure.label[language], text


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell
