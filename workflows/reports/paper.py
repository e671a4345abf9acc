"""A report as the values that the paper's template prints."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from workflows.contexts.words import words
from workflows.reports.facts import words as wording
from workflows.reports.parts import Cell, Report, Section, Table
from workflows.units import Unit

TEMPLATE = "report"
FULL = 148
"""Millimetres of a table without the column of its sources."""
LONG = 12
"""More letters than a row's sources take on one line."""
NARROW = 8
"""Columns; tables of more are set smaller."""
WIDEST = 50
"""Millimetres that a word may claim."""
EMS = {
    "ijl.,:;'|!/-": 0.28,
    "tfrs()[]": 0.38,
    "ec": 0.45,
    "0123456789–": 0.5,
    "mw%MW": 0.9,
    "ABCDEFGHKLNOPQRSTUVXYZĐ": 0.7,
}
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
        "symbol": wording()["paper"]["symbol"] if report.authority != report.place else "",
        "collective": words()["authority"]["collective"] if report.committee else "",
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
            {
                "year": bar.year,
                "label": share(bar.hundredths, language),
                "width": round(bar.hundredths / 100),
            }
            for bar in section.bars
        ],
        "tables": [_table(one, language) for one in section.tables],
    }


def share(hundredths: int, language: str) -> str:
    """``61,97%``; ``61.97%`` in English."""
    point = "," if language == "vi" else "."
    return f"{hundredths // 100}{point}{hundredths % 100:02d}%"


def _table(table: Table, language: str) -> dict[str, Any]:
    shared = shared_source(table, language)
    return {
        "caption": table.caption,
        "head": list(table.head),
        "figures": table.figures,
        "widths": widths(table),
        "rows": [
            {
                "cells": [cell.text for cell in row],
                "notes": "" if shared else notes(row),
            }
            for row in table.rows
        ],
        "shared": shared,
        "remarks": list(table.remarks),
    }


def shared_source(table: Table, language: str) -> str:
    """What every row rests on alike, told once where a column of it would make rows tall;
    blank where each row has its own."""
    told = {notes(row) for row in table.rows}
    if len(told) != 1 or len(sources := told.pop()) <= LONG:
        return ""
    return str(wording()["note"]["shared"][language]).format(sources=sources)


def widths(table: Table) -> list[int]:
    """How wide each column is, in millimetres: a time and a figure need little, a name much,
    and none less than its longest word."""
    columns = len(table.head)
    if table.figures == 1:
        each = (FULL - FIRST.get(table.id, 24)) // (columns - 1)
        wanted = [FULL - each * (columns - 1)] + [each] * (columns - 1)
    else:
        time, figures = 24, columns - table.figures
        each = min(24, (FULL - time - 40 * (table.figures - 1)) // figures) if figures else 0
        names = (FULL - time - each * figures) // (table.figures - 1)
        wanted = [time] + [names] * (table.figures - 1) + [each] * figures
    texts = [[head, *(row[at].text for row in table.rows)] for at, head in enumerate(table.head)]
    return _given(wanted, [_longest(ones, narrow=columns > NARROW) for ones in texts])


def _given(wanted: Sequence[int], needed: Sequence[int]) -> list[int]:
    """The widths wanted, each at least what is needed as far as the others can spare it."""
    given = list(wanted)
    lacking = [place for place, least in enumerate(needed) if given[place] < least]
    for place in lacking:
        while given[place] < needed[place]:
            spare, richest = max((given[at] - needed[at], at) for at in range(len(given)))
            if spare <= 0:
                return given
            given[richest] -= 1
            given[place] += 1
    return given


def _longest(texts: Sequence[str], *, narrow: bool) -> int:
    """The millimetres that the longest word of a column takes: English ones are long."""
    longest = max((_ems(word) for text in texts for word in text.split()), default=0)
    size, padding = (3.53, 1.6) if narrow else (4.23, 3)
    return min(ceil(longest * size + padding), WIDEST)


def _ems(word: str) -> float:
    """About how wide a word is in bold type, in its own size."""
    return sum(next((wide for signs, wide in EMS.items() if sign in signs), 0.54) for sign in word)


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
