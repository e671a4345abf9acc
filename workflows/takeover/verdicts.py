"""What the cells of results in a line of a sheet say: a mark only what its heading lets it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby

from workflows.exchange import headings, values
from workflows.exchange.columns import folded, marked
from workflows.exchange.headings import Answer, Line
from workflows.exchange.phrases import RECOGNISED, REFUSED

HISTORY = "history"
CROSSED, BLANK = "crossed", "blank"

Column = tuple[str, int]
"""A sheet and a column there."""


@cache
def _words(kind: str) -> Mapping[str, str]:
    return folded(headings.layouts()[HISTORY][kind])


def ticked(lines: Iterable[Line]) -> Collection[Column]:
    """The columns in which something else than an x affirms: there an x may strike out."""
    return {
        _column(line, answer)
        for line in lines
        for answer in line.answers
        if _affirms(marked(answer.cell.text), answer.asked.says)
    }


def _affirms(text: str, says: str) -> bool:
    told = _words("answers").get(text) or _words("marks").get(text)
    return told == RECOGNISED or _words("results").get(text, "") == (says or RECOGNISED)


def _column(line: Line, answer: Answer) -> Column:
    return line.sheet, answer.asked.column


def recognised(line: Line, ticks: Collection[Column] = (), year: int | None = None) -> bool:
    """Whether a line of a year says recognised or refused; all its cells must agree.

    Raises ``Unclear`` at the cell that says nothing (``cell_empty``), no result
    (``not_a_result``), what its heading leaves open (``mark_unexplained``), the opposite of
    its heading or of another cell (``result_contradicts``), or stands under another year
    (``heading_of_other_year``).
    """
    for answer in line.answers:
        if (of := answer.asked.year) and year not in (None, of):
            raise values.Unclear(
                values.blame(answer.cell, "heading_of_other_year", told=of, year=year)
            )
    said: dict[str, Answer] = {}
    silent: list[Answer] = []
    for _, group in groupby(sorted(line.answers, key=_group), key=_group):
        answers = list(group)
        if told := _of_group(line, answers, ticks):
            said.setdefault(*told)
        else:
            silent.append(answers[0])
    if silent or not said:
        raise values.Unclear(
            values.blame(silent[0].cell if silent else line.cell("result"), "cell_empty")
        )
    if len(said) > 1:
        raise _against(list(said.values())[-1])
    return RECOGNISED in said


def _group(answer: Answer) -> int:
    return answer.asked.group


def _of_group(
    line: Line, answers: Sequence[Answer], ticks: Collection[Column]
) -> tuple[str, Answer] | None:
    """What the columns of one question say, and where; nothing if they are empty. That it is
    not refused says no more than that: whoever is recognised is said to be."""
    told: dict[str, Answer] = {}
    denied: list[Answer] = []
    for answer in answers:
        struck = answer.asked.ticked or _column(line, answer) in ticks
        outcome = _outcome(answer, struck=struck)
        if outcome == _NOT_REFUSED:
            denied.append(answer)
        elif outcome:
            told.setdefault(outcome, answer)
    if len(told) > 1 or (denied and REFUSED in told):
        raise _against((denied or list(told.values()))[-1])
    if denied and not told:
        raise values.Unclear(values.blame(denied[0].cell, "mark_unexplained"))
    return next(iter(told.items()), None)


_NOT_REFUSED = "not refused"


def _outcome(answer: Answer, *, struck: bool) -> str:
    """The outcome that a cell names, by its words or under its heading; empty for none."""
    says, text = answer.asked.says, marked(answer.cell.text)
    mark = _words("marks").get(text)
    if not text or mark == BLANK:
        return ""
    if outcome := _words("results").get(text):
        if says == REFUSED != outcome:
            raise _against(answer)
        return outcome
    told = _words("answers").get(text)
    if told and not says:
        return told
    if (mark and not says) or (mark == CROSSED and struck):
        raise values.Unclear(values.blame(answer.cell, "mark_unexplained"))
    if not (told or mark):
        raise values.Unclear(values.blame(answer.cell, "not_a_result"))
    if RECOGNISED in (told, mark) or mark == CROSSED:
        return says
    return REFUSED if says == RECOGNISED else _NOT_REFUSED


def _against(answer: Answer) -> values.Unclear:
    return values.Unclear(values.blame(answer.cell, "result_contradicts"))
