"""All law on file, read once and whole: a malformed file stops the start, not a noon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from engine.calendar import Calendar
from engine.definition import Confidence, Definition, Frozen, Words, load
from engine.errors import DefinitionError
from engine.papers.kinds import PaperKind, load_kinds
from workflows.assessment import CriteriaSet, criteria_sets
from workflows.contexts.words import words
from workflows.lawfiles import LAW, files_of, law_files, read, refuse_strays
from workflows.practice import practice
from workflows.procedures import PROCEDURES
from workflows.regimes import act_rules, regimes
from workflows.streaks import LEVELS
from workflows.successions import successions
from workflows.titles import titles
from workflows.voting import rules
from workflows.wording import names, problems, refusals

__all__ = ["Definition", "Law", "law", "law_files"]

PARTS = LAW / "recognition" / "parts"
PAPERS = LAW / "papers"
PAPER_FLOWS = (
    "outgoing",
    "outgoing-until-issue",
    "outgoing-standing",
    "certificate",
    "certificate-any-level",
    "record",
)


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
    refuse_strays()
    for told in (rules, act_rules, regimes, practice, words, refusals, names, problems):
        told()
    flows = [PAPERS / f"{name}.toml" for name in PAPER_FLOWS]
    definitions = tuple(load(path, PARTS) for path in (*files_of("recognition"), *flows))
    known = {one.id: one for one in definitions}
    _refuse_strangers(known)
    _refuse_broken_lines(known)
    return Law(
        definitions=definitions,
        kinds=load_kinds(PAPERS / "kinds.toml"),
        criteria=criteria_sets(),
        calendar=_calendar(),
    )


def _refuse_strangers(definitions: Mapping[str, Definition]) -> None:
    """A regime names definitions, criteria and titles that exist, and the procedure which it
    asks for is the one its definition keeps to; else ``DefinitionError``."""
    for regime in regimes():
        source = f"{regime.id}.toml"
        if regime.award not in titles():
            raise DefinitionError(source, "award", f"there is no title {regime.award}")
        for kind, told in regime.kinds.items():
            key = f"kinds.{kind}"
            if told.criteria not in criteria_sets():
                reason = f"there are no criteria {told.criteria}"
                raise DefinitionError(source, f"{key}.criteria", reason)
            found = [one for name, one in definitions.items() if name in _names(told.definition)]
            if not found:
                reason = f"there is no definition {told.definition}"
                raise DefinitionError(source, f"{key}.definition", reason)
            for one in found:
                if (one.meta.procedure or next(iter(PROCEDURES))) != told.procedure:
                    reason = f"{one.id} does not keep to {told.procedure}"
                    raise DefinitionError(source, f"{key}.procedure", reason)


def _refuse_broken_lines(definitions: Mapping[str, Definition]) -> None:
    """A succession names two definitions of one procedure; else ``DefinitionError``."""
    for earlier, later in successions().items():
        known = [definitions.get(earlier), definitions.get(later)]
        kept = {one.meta.procedure for one in known if one}
        if None in known or len(kept) > 1:
            reason = f"{later} does not succeed {earlier}"
            raise DefinitionError("successions.toml", f"succeeding.{earlier}", reason)


def _names(definition: str) -> set[str]:
    return {definition.format(manager=level) for level in LEVELS}


def _calendar() -> Calendar:
    told = read(_CalendarFile, LAW / "calendar.toml").corrections
    return Calendar(corrections={correction.day: correction.works for correction in told})
