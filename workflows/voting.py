"""The law of the residents' vote, in integers: which rule holds on a day, what it asks.

The mark is taken of all households of the area, never of those present, and compared by
cross-multiplication, never as a percentage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from pydantic import Field

from engine.definition import Confidence, Frozen, Span, Words
from engine.errors import NotFound, Refusal, Refused
from workflows.lawfiles import LAW, read, refuse_overlaps

SELF_MANAGEMENT = "15(6)"
"""Other matters of self-management (Law 10/2022, art. 15(6)): where this vote belongs."""


class Mark(Frozen):
    """Reached when ``times * count`` exceeds (or, unless ``strictly``, equals)
    ``of_all_times * whole``."""

    times: int = Field(ge=1)
    of_all_times: int = Field(ge=1)
    strictly: bool

    def reached(self, count: int, whole: int) -> bool:
        ours, theirs = self.times * count, self.of_all_times * whole
        return ours > theirs if self.strictly else ours >= theirs

    def needs(self, whole: int) -> int:
        """The smallest count that reaches the mark."""
        if self.strictly:
            return self.of_all_times * whole // self.times + 1
        return -(-self.of_all_times * whole // self.times)


class Between(Frozen):
    """How many people a team has, both ends included."""

    minimum: int = Field(ge=0)
    maximum: int = Field(ge=0)

    def holds(self, count: int) -> bool:
        return self.minimum <= count <= self.maximum


class _Marks(Frozen):
    matters: tuple[str, ...] = Field(min_length=1)
    pass_mark: Mark = Field(alias="pass")
    attendance: Mark | None = None
    clause: str
    words: Words


class _Rule(Frozen):
    id: str
    title: Words
    effective: Span
    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    confidence_of_meeting: Confidence
    notice_days: int = Field(ge=0)
    tellers: Between
    witnesses: Between
    notice_clause: str
    team_clause: str
    again_clause: str
    marks: tuple[_Marks, ...] = Field(min_length=1)


class _RuleFile(Frozen):
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class VoteRule:
    """What the law of a day asks of a vote on one matter.

    ``notice_days`` are calendar days; ``clause`` is that of the mark, the other clauses are
    those of the notice, the counting team and the repetition.
    """

    id: str
    title: Words
    confidence: Confidence
    mark: Mark
    attendance: Mark | None
    notice_days: int
    tellers: Between
    witnesses: Between
    clause: str
    notice_clause: str
    team_clause: str
    again_clause: str
    words: Words


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a vote passes, how many it needs, and what follows."""

    passes: bool
    needs: int
    next: Literal["passed", "ballot_round", "failed"]
    clause: str


@cache
def rules() -> tuple[_Rule, ...]:
    """The vote rules of all times; raises ``DefinitionError`` on a malformed file."""
    found = read(_RuleFile, LAW / "rules" / "votes.toml").rules
    refuse_overlaps([(rule.id, rule.effective) for rule in found], "rules", "votes.toml")
    return found


def rule_on(day: date, matter: str = SELF_MANAGEMENT) -> VoteRule:
    """The rule for a vote held that day; raises ``NotFound`` when no law on file covers the
    day (``no_vote_rule``) or the matter (``unknown_matter``)."""
    rule = next((rule for rule in rules() if rule.effective.holds(day)), None)
    if rule is None:
        raise NotFound(Refusal("no_vote_rule", {"day": day.isoformat()}))
    for marks in rule.marks:
        if matter in marks.matters:
            return _made(rule, marks)
    raise NotFound(Refusal("unknown_matter", {"matter": matter}))


def _made(rule: _Rule, marks: _Marks) -> VoteRule:
    return VoteRule(
        id=rule.id,
        title=rule.title,
        confidence=rule.confidence,
        mark=marks.pass_mark,
        attendance=marks.attendance,
        notice_days=rule.notice_days,
        tellers=rule.tellers,
        witnesses=rule.witnesses,
        clause=marks.clause,
        notice_clause=rule.notice_clause,
        team_clause=rule.team_clause,
        again_clause=rule.again_clause,
        words=marks.words,
    )


def decide(rule: VoteRule, households: int, yes: int, present: int | None = None) -> Verdict:
    """What a count means. Where too few came for the mark to be reachable at all, the next
    step is a round of ballots, not a failure (Law 10/2022, art. 19(1)b).

    Raises ``Refused`` (``impossible_count``) for counts that cannot be.
    """
    attended = households if present is None else present
    if not 0 <= yes <= attended <= households or households < 1:
        params = {"households": households, "present": attended, "yes": yes}
        raise Refused(Refusal("impossible_count", params))
    needs = rule.mark.needs(households)
    quorate = rule.attendance is None or rule.attendance.reached(attended, households)
    if quorate and rule.mark.reached(yes, households):
        return Verdict(True, needs, "passed", rule.clause)
    if attended < needs or not quorate:
        return Verdict(False, needs, "ballot_round", rule.again_clause)
    return Verdict(False, needs, "failed", rule.clause)


@dataclass(frozen=True, slots=True)
class Count:
    """The figures of one meeting. A show of hands has no ballots: those are ``None``."""

    present: int
    yes: int
    no: int
    issued: int | None = None
    returned: int | None = None
    valid: int | None = None
    invalid: int | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Count:
        """The figures in the inputs of a count."""
        names = ("present", "yes", "no", "issued", "returned", "valid", "invalid")
        return cls(**{name: data[name] for name in names})

    @property
    def by_ballot(self) -> bool:
        return self.issued is not None


def reconcile(count: Count) -> list[Refusal]:
    """Every way in which the figures contradict each other; none when they add up."""
    return list(_ballots(count) if count.by_ballot else _hands(count))


def _ballots(count: Count) -> Iterator[Refusal]:
    issued, returned = count.issued or 0, count.returned or 0
    valid, invalid = count.valid or 0, count.invalid or 0
    if issued > count.present:
        params = {"issued": issued, "present": count.present}
        yield Refusal("more_issued_than_present", params, field="issued")
    if returned > issued:
        params = {"returned": returned, "issued": issued}
        yield Refusal("more_returned_than_issued", params, field="returned")
    if returned != valid + invalid:
        params = {"returned": returned, "valid": valid, "invalid": invalid}
        yield Refusal("returned_not_accounted", params, field="returned")
    if valid != count.yes + count.no:
        params = {"valid": valid, "yes": count.yes, "no": count.no}
        yield Refusal("valid_not_accounted", params, field="valid")


def _hands(count: Count) -> Iterator[Refusal]:
    if count.yes + count.no > count.present:
        params = {"yes": count.yes, "no": count.no, "present": count.present}
        yield Refusal("more_hands_than_present", params, field="present")


def impossible(count: Count, households: int) -> list[Refusal]:
    """Figures above the number of households, of those present, or of the ballots they are
    counted from: no note explains them."""
    refusals = [
        Refusal("more_than_households", {"count": value, "households": households}, field=name)
        for name in ("present", "issued", "yes", "no")
        if (value := getattr(count, name)) is not None and value > households
    ]
    if count.yes > count.present:
        params = {"yes": count.yes, "present": count.present}
        refusals.append(Refusal("more_yes_than_present", params, field="yes"))
    return [*refusals, *_overflowing(count)]


def _overflowing(count: Count) -> Iterator[Refusal]:
    """Votes counted from no more valid ballots, those from no more returned, those from no
    more issued."""
    steps = (
        ("valid", count.yes + count.no, count.valid),
        ("returned", count.valid, count.returned),
        ("returned", count.returned, count.issued),
    )
    for name, part, whole in steps:
        if part is not None and whole is not None and part > whole:
            params = {"count": part, "limit": whole}
            yield Refusal("more_than_ballots", params, field=name)
