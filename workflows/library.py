"""All law on file, read once and whole: a malformed file stops the start, not a noon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.calendar import Calendar
from engine.definition import Confidence, Definition, Frozen, Words, load
from engine.papers.kinds import PaperKind, load_kinds
from workflows.assessment import CriteriaSet, criteria_sets
from workflows.contexts.words import words
from workflows.lawfiles import LAW, law_files, read
from workflows.practice import practice
from workflows.regimes import act_rules, regimes
from workflows.voting import rules
from workflows.wording import names, problems, refusals

__all__ = ["Definition", "Law", "law", "law_files"]

RECOGNITION = sorted((LAW / "recognition").glob("*.toml"))
PARTS = LAW / "recognition" / "parts"
PAPERS = LAW / "papers"
PAPER_FLOWS = ("outgoing", "certificate", "certificate-any-level", "record")


class _Correction(Frozen):
    day: date
    works: bool
    reason: Words
    source: str
    confidence: Confidence


class _CalendarFile(Frozen):
    corrections: tuple[_Correction, ...] = ()


@dataclass(frozen=True)
class Law:
    """The workflows, the kinds of paper, the criteria and the working calendar."""

    definitions: Sequence[Definition]
    kinds: Mapping[str, PaperKind]
    criteria: Mapping[str, CriteriaSet]
    calendar: Calendar


@cache
def law() -> Law:
    """Everything on file. Raises ``DefinitionError`` with file, key and reason."""
    for told in (rules, act_rules, regimes, practice, words, refusals, names, problems):
        told()
    flows = [PAPERS / f"{name}.toml" for name in PAPER_FLOWS]
    return Law(
        definitions=tuple(load(path, PARTS) for path in (*RECOGNITION, *flows)),
        kinds=load_kinds(PAPERS / "kinds.toml"),
        criteria=criteria_sets(),
        calendar=_calendar(),
    )


def _calendar() -> Calendar:
    told = read(_CalendarFile, LAW / "calendar.toml").corrections
    return Calendar(corrections={correction.day: correction.works for correction in told})
