"""Criteria, what an area says about each, and what the appraiser decides about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from pydantic import Field

from engine.binding import Row
from engine.definition import Confidence, Frozen, Words
from engine.errors import DefinitionError, NotFound, Refusal
from workflows.lawfiles import files_of, read
from workflows.names import unstopped

Cells = Mapping[str, Any]
Findings = Mapping[str, Cells]
"""The cells of a table over the criteria, by row."""


PROOF = {"fact": "met_without_fact", "source": "met_without_source", "dated": "met_without_date"}
"""What a criterion said to be met rests on, and the refusal when it is missing."""


class Point(Frozen):
    """A lettered point under a criterion."""

    code: str
    vi: str
    en: str


class Criterion(Frozen):
    """One criterion: its text, its points, and what usually proves it."""

    code: str = Field(pattern=r"^[a-z0-9.]+$")
    text: Words
    evidence: Words | None = None
    points: tuple[Point, ...] = ()
    graded: bool = False
    """Counts for the grade alone: the title does not hang on it."""

    @property
    def row(self) -> str:
        """Its row in a form: a place in a refusal is parted by dots, so it has none."""
        return self.code.replace(".", "_")


class YearDay(Frozen):
    """A day of the year assessed, or of a year before it."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    years_before: int = Field(ge=0, default=0)

    def of(self, year: int) -> date:
        return date(year - self.years_before, self.month, self.day)


class Assessed(Frozen):
    """Which days count for a year, both ends included, and how sure that is."""

    begins: YearDay
    ends: YearDay
    confidence: Confidence
    clause: str | None = None


CALENDAR_YEAR = Assessed(
    begins=YearDay(month=1, day=1), ends=YearDay(month=12, day=31), confidence="assumed"
)
"""For criteria whose text was not found."""


class Grade(Frozen):
    """A grade that a province gives above the title: so many of its graded criteria met."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    label: Words
    graded_met: int = Field(ge=0)


class CriteriaSet(Frozen):
    """The criteria of a cycle. All of them must be met, over the days of its window.

    A set that ``extends`` another has its criteria too, and adds to them: nothing of the
    other can be left out or replaced (Circular 124/2021, art. 8(1)). ``grades`` are above
    met and not met, and never take their place.
    """

    id: str
    title: Words
    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    window: Assessed = CALENDAR_YEAR
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    extends: str | None = None
    grades: tuple[Grade, ...] = ()


@cache
def criteria_sets() -> Mapping[str, CriteriaSet]:
    """Every set on file, by id; raises ``DefinitionError`` on a malformed one."""
    found = {one.id: one for one in (read(CriteriaSet, path) for path in files_of("criteria"))}
    return {name: extended(one, found) for name, one in found.items()}


def extended(added: CriteriaSet, known: Mapping[str, CriteriaSet]) -> CriteriaSet:
    """The set with all criteria of the one it extends before its own; raises
    ``DefinitionError`` when that one is not there, or when it names a criterion of it anew."""
    if added.extends is None:
        return added
    source, base = f"{added.id}.toml", known.get(added.extends)
    if base is None or base.extends:
        raise DefinitionError(source, "extends", f"there is no national set {added.extends}")
    taken = {one.row for one in base.criteria}
    for criterion in added.criteria:
        if criterion.row in taken:
            reason = f"{criterion.code} is a criterion of {base.id}: it may not be replaced"
            raise DefinitionError(source, "criteria", reason)
    whole = {"criteria": (*base.criteria, *added.criteria), "window": base.window}
    return added.model_copy(update=whole)


def grade(criteria: CriteriaSet, verdicts: Findings) -> Grade | None:
    """The highest grade reached; none where the title itself is not, or without a scheme."""
    if unmet(criteria, verdicts):
        return None
    graded = [one for one in criteria.criteria if one.graded]
    met = sum(bool(verdicts.get(one.row, {}).get("met")) for one in graded)
    reached = [one for one in criteria.grades if met >= one.graded_met]
    return max(reached, key=lambda one: one.graded_met, default=None)


def criteria_set(criteria_id: str) -> CriteriaSet:
    """The set of that id; raises ``NotFound`` (``no_criteria``)."""
    try:
        return criteria_sets()[criteria_id]
    except KeyError:
        raise NotFound(Refusal("no_criteria", {"id": criteria_id})) from None


def rows(criteria: CriteriaSet) -> list[Row]:
    """A row for each criterion, with its points and its usual proof as the note."""
    return [
        Row(
            c.row,
            f"{c.code}. {c.text.vi}",
            f"{c.code}. {c.text.en}",
            _note(c, "vi"),
            _note(c, "en"),
        )
        for c in criteria.criteria
    ]


def _note(criterion: Criterion, language: str) -> str:
    points = [f"{p.code}) {p.en if language == 'en' else p.vi}" for p in criterion.points]
    return "\n".join([*points, *([criterion.evidence[language]] if criterion.evidence else [])])


@dataclass(frozen=True, slots=True)
class Window:
    """The days a cycle assesses, both included."""

    starts_on: date
    ends_on: date

    def holds(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on


def window_for(criteria_id: str, year: int) -> Window:
    """The days that criteria assess for a year; the calendar year (assumed) for a set that
    is not on file, as those of repealed circulars are not."""
    found = criteria_sets().get(criteria_id)
    told = found.window if found else CALENDAR_YEAR
    return Window(told.begins.of(year), told.ends.of(year))


def year_assessed(criteria_id: str, day: date) -> int:
    """The year for which criteria count a day."""
    return next(
        year for year in (day.year, day.year + 1) if day <= window_for(criteria_id, year).ends_on
    )


def unassessed(criteria: CriteriaSet, findings: Findings) -> Iterator[Refusal]:
    """A refusal for each criterion without an answer, and for each that lacks the fact which
    either answer needs."""
    for criterion in criteria.criteria:
        cells = findings.get(criterion.row, {})
        if cells.get("met") is None:
            yield _at(criterion, "criterion_not_assessed", "met")
            if not cells.get("fact"):
                yield _at(criterion, "assessed_without_fact", "fact")
        elif not cells["met"] and not cells.get("fact"):
            yield _at(criterion, "unmet_without_fact", "fact")


def unproved(
    criteria: CriteriaSet, findings: Findings, window: Window, today: date
) -> Iterator[Refusal]:
    """A refusal for each gap in the proof of a criterion said to be met: its fact, where it
    comes from, and of which day. A day outside the window needs an explanation."""
    for criterion in criteria.criteria:
        cells = findings.get(criterion.row, {})
        if not cells.get("met"):
            continue
        for name, code in PROOF.items():
            if not cells.get(name):
                yield _at(criterion, code, name)
        if cells.get("dated"):
            yield from _misdated(criterion, cells, window, today)


def _misdated(criterion: Criterion, cells: Cells, window: Window, today: date) -> Iterator[Refusal]:
    day = date.fromisoformat(cells["dated"])
    if day > today:
        yield _at(criterion, "fact_in_the_future", "dated")
    elif not window.holds(day) and not cells.get("explanation"):
        starts, ends = window.starts_on.isoformat(), window.ends_on.isoformat()
        yield _at(criterion, "fact_outside_window", "dated", starts_on=starts, ends_on=ends)


def unappraised(criteria: CriteriaSet, verdicts: Findings, findings: Findings) -> Iterator[Refusal]:
    """A refusal for each criterion without a verdict, or whose verdict lacks the reason it
    needs: not met, or different from what the area said."""
    for criterion in criteria.criteria:
        cells = verdicts.get(criterion.row, {})
        met, claimed = cells.get("met"), findings.get(criterion.row, {}).get("met")
        if met is None:
            yield _at(criterion, "criterion_not_appraised", "met", table="verdicts")
        elif (not met or met != claimed) and not cells.get("verdict_reason"):
            code = "unmet_without_reason" if not met else "differs_without_reason"
            yield _at(criterion, code, "verdict_reason", table="verdicts")


def unmet(criteria: CriteriaSet, verdicts: Findings) -> list[Criterion]:
    """The criteria that the appraiser did not find met, those for a grade alone left aside."""
    required = (c for c in criteria.criteria if not c.graded)
    return [c for c in required if not verdicts.get(c.row, {}).get("met")]


def refused(criteria: CriteriaSet, verdicts: Findings) -> list[Criterion]:
    """The criteria of which the committee says that they are not met."""
    return [c for c in criteria.criteria if verdicts.get(c.row, {}).get("criterion_met") is False]


def unrefused(criteria: CriteriaSet, verdicts: Findings) -> Iterator[Refusal]:
    """What a refusal lacks: a criterion not met, not one for a grade alone, and the reason of
    each."""
    found = refused(criteria, verdicts)
    if all(criterion.graded for criterion in found):
        yield Refusal("no_criterion_refused", field="refused_criteria")
    for criterion in found:
        if not verdicts[criterion.row].get("unmet_reason"):
            yield _at(criterion, "unmet_without_reason", "unmet_reason", table="refused_criteria")


def _at(
    criterion: Criterion, code: str, column: str, *, table: str = "findings", **params: str
) -> Refusal:
    place = f"{table}.{criterion.row}.{column}"
    return Refusal(code, {"criterion": criterion.code} | params, None, place)


def printed_findings(criteria: CriteriaSet, findings: Findings) -> list[dict[str, Any]]:
    """The self-assessment as papers print it."""
    return [
        {
            "code": c.code,
            "text": c.text.vi,
            "met": bool(cells.get("met")),
            "fact": unstopped(cells.get("fact")),
            "source": unstopped(cells.get("source")),
            "date": cells.get("dated") or "",
        }
        for c, cells in _paired(criteria, findings)
    ]


def printed_verdicts(
    criteria: CriteriaSet, verdicts: Findings, findings: Findings
) -> list[dict[str, Any]]:
    """The appraisal as papers print it, beside what the area claimed."""
    return [
        {
            "code": c.code,
            "text": c.text.vi,
            "claimed": bool(findings.get(c.row, {}).get("met")),
            "met": bool(cells.get("met")),
            "reason": unstopped(cells.get("verdict_reason")),
        }
        for c, cells in _paired(criteria, verdicts)
    ]


def _paired(criteria: CriteriaSet, table: Findings) -> Sequence[tuple[Criterion, Cells]]:
    return [(c, table.get(c.row, {})) for c in criteria.criteria]
