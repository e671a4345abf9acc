"""A report as a file, made anew from the records each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any, Protocol

from engine.errors import Refusal, Refused
from engine.papers.letters import unreadable
from engine.papers.template import Unprintable
from workflows.reports import paper
from workflows.reports.parts import Cell, Report
from workflows.units import Unit

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Renders(Protocol):
    """Who sets papers: ``engine.papers.render.Renderer``."""

    def render(self, template: str, values: Mapping[str, Any]) -> bytes: ...


def name(report: Report, unit: Unit, format: str) -> str:
    """What the file is called."""
    scope = report.scope
    return f"{scope.report}-{unit.code}-{scope.first}-{scope.last}.{format}"


def content(
    report: Report,
    unit: Unit,
    format: str,
    renderer: Renders,
    base_url: str,
    *,
    specimen: bool,
    language: str = "vi",
) -> bytes:
    """The file in one of ``TYPES``, its frame in that language.

    Raises ``Refused`` (``paper_letters``) where somebody wrote letters that the paper's typeface
    lacks.
    """
    report = readable(report)
    # These libraries are large, and most processes never make such a file.
    if format == "docx":
        from workflows.reports.document import document

        return document(report, unit, base_url, language, specimen=specimen)
    if format == "xlsx":
        from workflows.reports.workbook import workbook

        return workbook(report, base_url, language)
    try:
        told = paper.values(report, unit, base_url, specimen=specimen, language=language)
        return renderer.render(paper.TEMPLATE, told)
    except Unprintable as error:
        raise Refused(Refusal("unprintable", {"letters": error.letters})) from None


def readable(told: Any) -> Any:
    """The same report, or part of one, without what is no letter: names and records of old
    may hold some, and no file does."""
    if isinstance(told, str):
        strange = unreadable(told)
        return "".join(sign for sign in told if sign not in strange)
    if isinstance(told, tuple):
        return tuple(map(readable, told))
    if is_dataclass(told) and not isinstance(told, type):
        return replace(
            told, **{one.name: readable(getattr(told, one.name)) for one in fields(told)}
        )
    return told


def told(report: Report) -> dict[str, Any]:
    """The report as plain values, for programs."""
    return {
        "report": report.scope.report,
        "title": report.title,
        "place": report.place,
        "from": report.scope.first,
        "to": report.scope.last,
        "sections": [
            {
                "id": section.id,
                "number": section.number,
                "heading": section.heading,
                "text": section.paragraphs,
                "tables": [
                    {
                        "id": table.id,
                        "caption": table.caption,
                        "head": list(table.head),
                        "rows": [[_cell(cell) for cell in row] for row in table.rows],
                        "remarks": list(table.remarks),
                    }
                    for table in section.tables
                ],
            }
            for section in report.sections
        ],
        "sources": [
            {"number": one.number, "text": one.text, "address": one.address}
            for one in report.sources
        ],
    }


def _cell(cell: Cell) -> dict[str, Any]:
    value = float(cell.value) if isinstance(cell.value, Decimal) else cell.value
    return {"text": cell.text, "value": value, "address": cell.address, "source": cell.note}
