"""A report as the values that the paper's template prints."""

from __future__ import annotations

from typing import Any

from workflows.contexts.words import words
from workflows.reports.facts import words as wording
from workflows.reports.parts import Cell, Report, Section, Table
from workflows.units import Unit

TEMPLATE = "report"
FULL = 148
LONG = 12
"""More letters than a row's sources take on one line."""
"""Millimetres of a table without the column of its sources."""
FIRST = {"disagreements": 84, "overdue": 84, "units": 32, "by_kind": 22, "yearly": 16}


def values(
    report: Report, unit: Unit, base_url: str, *, specimen: bool, language: str = "vi"
) -> dict[str, Any]:
    """What a report prints, its frame in that language. Addresses are made whole with
    ``base_url``."""
    return {
        "specimen": specimen,
        "year": report.scope.last,
        "standard": words()["standard"],
        "symbol": "",
        "collective": words()["authority"]["collective"],
        "language": language,
        "frame": {name: said[language] for name, said in wording()["frame"].items()},
        "authority": {"parent": "", "name": report.authority, "place": unit.name},
        "date": report.made_on.isoformat(),
        "title": report.title,
        "place": unit.title,
        "years": report.years,
        "sections": [_section(one, language) for one in report.sections],
        "sources": [
            {"number": one.number, "text": one.text, "address": base_url + one.address}
            for one in report.sources
        ],
        "signatory": {"title": report.signatory, "name": ""},
        "recipients": list(report.recipients),
    }


def _section(section: Section, language: str) -> dict[str, Any]:
    return {
        "number": section.number,
        "heading": section.heading,
        "level": section.level,
        "paragraphs": section.paragraphs,
        "bars": [
            {"year": bar.year, "label": share(bar.hundredths), "width": round(bar.hundredths / 100)}
            for bar in section.bars
        ],
        "tables": [_table(one, language) for one in section.tables],
    }


def share(hundredths: int) -> str:
    """``61,97%``."""
    return f"{hundredths // 100},{hundredths % 100:02d}%"


def _table(table: Table, language: str) -> dict[str, Any]:
    told = [notes(row) for row in table.rows]
    # What every row rests on alike is told once, where a column of it would make rows tall.
    shared = told[0] if len(set(told)) == 1 and len(told[0]) > LONG else ""
    return {
        "caption": table.caption,
        "head": list(table.head),
        "figures": table.figures,
        "widths": widths(table),
        "rows": [
            {
                "cells": [cell.text for cell in row],
                "notes": "" if shared else sources,
            }
            for row, sources in zip(table.rows, told, strict=True)
        ],
        "shared": wording()["note"]["shared"][language].format(sources=shared) if shared else "",
        "remarks": list(table.remarks),
    }


def widths(table: Table) -> list[int]:
    """How wide each column is, in millimetres: a time and a figure need little, a name much."""
    columns = len(table.head)
    if table.figures == 1:
        first = FIRST.get(table.id, 24)
        return [first] + [(FULL - first) // (columns - 1)] * (columns - 1)
    time, figures = 24, columns - table.figures
    each = min(24, (FULL - time - 40 * (table.figures - 1)) // figures) if figures else 0
    told = [max(each, _longest(head)) for head in table.head[table.figures :]]
    names = (FULL - time - sum(told)) // (table.figures - 1)
    return [time] + [names] * (table.figures - 1) + told


def _longest(head: str) -> int:
    """The millimetres that the longest word of a head takes: English ones are long."""
    return max(len(word) for word in head.split()) * 25 // 10 + 3


def notes(row: tuple[Cell, ...]) -> str:
    """The numbers of the sources of a row: ``[2], [49]``, and ``[54–62]`` for a run of them."""
    numbers = sorted({cell.note for cell in row if cell.note})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"[{r[0]}]" if len(r) == 1 else f"[{r[0]}–{r[-1]}]" for r in runs)
