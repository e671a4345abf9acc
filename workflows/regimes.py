"""Regimes: which files of law govern a year and a day, for each kind of unit.

Criteria, windows and deadlines go by the year assessed; the law of the vote, of papers, of
authority and of signatures goes by the date of the act. Every rule says where it stands
and how sure that is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from engine.clock import law_date
from engine.definition import Confidence, Frozen, Span, Words
from engine.errors import DefinitionError, NotFound, Refusal, Refused
from workflows.assessment import Window, YearDay, criteria_sets, window_for
from workflows.lawfiles import LAW, files_of, read, refuse_overlaps
from workflows.successions import first
from workflows.voting import Mark, rules

SubjectKind = Literal["area", "commune", "school", "agency", "enterprise"]
Topic = Literal["paper", "authority", "signature"]
SUBJECT_KINDS: tuple[SubjectKind, ...] = get_args(SubjectKind)
"""The kinds of unit that may hold the title (Circular 124/2021, art. 1)."""

AWARD = "security"
"""The title whose regimes these are, where no other is named."""

VOTE = "-vote"
"""What the id of a workflow ends with that is another's with a vote of the households."""

OPEN_END = 9999
NEW_YEARS_EVE = YearDay(month=12, day=31)


class Cited(Frozen):
    """Where a rule stands, and how sure that is."""

    basis: tuple[str, ...] = Field(min_length=1)
    confidence: Confidence
    note: Words | None = None


class LastDay(Cited):
    """A fixed day of the year: ``last`` itself, or the day before ``before``. It never rolls
    over a day off: only terms do (Civil Code 2015, art. 148(5))."""

    last: YearDay | None = None
    before: YearDay | None = None

    @model_validator(mode="after")
    def _one_day(self) -> LastDay:
        if (self.last is None) == (self.before is None):
            raise ValueError("give either last or before")
        return self

    def of(self, year: int) -> date:
        """The last legal day of a year."""
        if self.before:
            return self.before.of(year) - timedelta(days=1)
        return (self.last or NEW_YEARS_EVE).of(year)

    def met(self, year: int, moment: datetime) -> bool:
        """Whether an instant is in time: until the last moment of that day in Vietnam."""
        return law_date(moment) <= self.of(year)


class Registration(LastDay):
    """The days for registering, with the resolution and the plan that go with it: up to the
    last one, and from ``first`` where the rule names one."""

    first: YearDay | None = None

    def opens(self, year: int) -> date | None:
        """The first legal day of a year."""
        return self.first.of(year) if self.first else None


class Authority(Cited):
    """Who appraises and who decides, as ``role@scope``; ``{manager}`` stands for the level
    that manages the unit."""

    appraises: tuple[str, ...] = Field(min_length=1)
    decides: tuple[str, ...] = Field(min_length=1)


class MeetingRole(Frozen):
    """Somebody who belongs to the assessment meeting."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    optional: bool = False


class Meeting(Cited):
    """Who belongs to the assessment meeting, and whether it waits for the end of the days
    assessed."""

    roles: tuple[MeetingRole, ...] = Field(min_length=1)
    after_window: bool = False


class Excluded(Cited):
    """The categories of a kind that may not be nominated."""

    categories: tuple[str, ...] = Field(min_length=1)


class Share(Cited):
    """What part of the subjects under a commune must be recognised and, where the law says
    so, have registered, all these kinds taken together; compared in integers."""

    of: tuple[SubjectKind, ...] = Field(min_length=1)
    recognised: Mark
    registered: Mark | None = None

    def enough_registered(self, count: int, whole: int) -> bool:
        """Whether as many registered as must; any number, where nothing is asked."""
        return self.registered is None or self.registered.reached(count, whole)


class StreakPolicy(Cited):
    """What a merger and a split do to years running."""

    merge: Literal["every", "any", "none"] = "every"
    split: Literal["keep", "none"] = "keep"


class Denominator(Cited):
    """What the yearly share is taken of."""

    of: Literal["existing", "registered"]


class KindRules(Frozen):
    """What governs one kind of unit. A definition's ``{manager}`` stands for the level that
    manages the unit; ``procedure`` is what the definition must keep to."""

    definition: str
    procedure: str
    criteria: str
    authority: Authority
    tiers: str | None = None
    registration: Registration | None = None
    decision: LastDay | None = None
    excluded: Excluded | None = None
    share: Share | None = None
    meeting: Meeting | None = None

    def definition_for(self, manager: str) -> str:
        """The workflow of a unit that this level manages."""
        return self.definition.format(manager=manager)

    def bar(self, category: str) -> Literal["category_unknown", "kind_not_eligible"] | None:
        """Why a unit of this kind and category may not be nominated, if so: whoever asks, a
        case to be opened or a share to be counted, gets the same answer."""
        if self.excluded is None:
            return None
        if not category:
            return "category_unknown"
        return "kind_not_eligible" if category in self.excluded.categories else None

    def window(self, year: int) -> Window:
        """The days assessed for a year, both included."""
        return window_for(self.criteria, year)


class Years(Frozen):
    first: int
    last: int | None = None

    def hold(self, year: int) -> bool:
        return self.first <= year <= (self.last or OPEN_END)


class Regime(Cited):
    """One regime. ``beside`` marks a flow of local practice, which is no day's law."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)
    title: Words
    effective: Span
    years: Years
    streak_policy: StreakPolicy
    denominator: Denominator
    kinds: Mapping[SubjectKind, KindRules]
    award: str = Field(default=AWARD, pattern=r"^[a-z][a-z0-9-]*$", max_length=20)
    beside: bool = False

    def __hash__(self) -> int:
        return hash(self.id)


class ActRule(Cited):
    """The law of one topic for the acts of a day."""

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    topic: Topic
    title: Words
    effective: Span
    levels: tuple[str, ...] = ()


class _ActFile(Frozen):
    rules: tuple[ActRule, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A rule on file as it is told: what, since when, where it stands, how sure."""

    id: str
    title: Words
    citation: tuple[str, ...]
    confidence: Confidence
    since: date | None = None
    until: date | None = None

    def record(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "citation": list(self.citation),
            "confidence": self.confidence,
            "from": self.since.isoformat() if self.since else None,
            "to": self.until.isoformat() if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class Applied:
    """What applies on a day to a kind of unit; ``None`` where no file covers the day."""

    recognition: Source | None
    criteria: Source | None
    vote: Source | None
    paper: Source | None
    authority: Source | None
    signature: Source | None

    def record(self) -> dict[str, Any]:
        """By name, as the command line and the page tell it."""
        return {name: getattr(self, name) for name in self.__slots__}


def load_regimes(paths: Iterable[Path]) -> tuple[Regime, ...]:
    """The regimes in these files, the oldest first.

    Raises ``DefinitionError`` with file, key and reason: an unknown key, an id that is not
    the file's name, or two files effective on one day for one kind of unit.
    """
    found = []
    for path in paths:
        one = read(Regime, path)
        if one.id != path.stem:
            raise DefinitionError(path.name, "id", f"is {one.id}, not the name of the file")
        found.append(one)
    for award, kind in product(sorted({one.award for one in found}), SUBJECT_KINDS):
        ruling = [r for r in found if kind in r.kinds and r.award == award and not r.beside]
        spans = [(f"{r.id}.toml", r.effective) for r in ruling]
        refuse_overlaps(spans, f"effective (kinds.{kind})")
    return tuple(sorted(found, key=lambda r: (r.effective.since, r.id)))


@cache
def regimes() -> tuple[Regime, ...]:
    """Every regime on file; raises ``DefinitionError``."""
    return load_regimes(files_of("regimes"))


def regime(regime_id: str) -> Regime:
    """The regime of that id; raises ``NotFound`` (``no_regime``)."""
    for one in regimes():
        if one.id == regime_id:
            return one
    raise NotFound(Refusal("no_regime", {"id": regime_id}))


def rules_under(definition_id: str, kind: str) -> KindRules | None:
    """The rules of the regime whose definition for that kind this is, as a cycle names it, or
    whose successor."""
    name = first(definition_id)
    for one in regimes():
        for known, told in one.kinds.items():
            if known == kind and same_rules(name, told.definition):
                return told
    return None


def same_rules(definition_id: str, own: str) -> bool:
    """Whether a workflow keeps to the rules of another: itself, or the one with a vote of it."""
    return definition_id == own or definition_id.startswith(own + VOTE)


def with_vote(told: Regime, known: Collection[str], year: int) -> Regime:
    """The regime with the workflow of areas in which the households vote before the officers
    meet, of those ``known``: the one of the year, where the law of votes was another then, else
    that of all years. Raises ``Refused`` (``no_vote_to_add``)."""
    rules = told.kinds.get("area")
    voting = rules.definition + VOTE if rules else ""
    found = next((one for one in (f"{voting}-{year}", voting) if one in known), None)
    if rules is None or found is None:
        raise Refused(Refusal("no_vote_to_add", {"regime": told.id}))
    values = {"definition": found, "procedure": "officers_meeting_after_vote"}
    return told.model_copy(
        update={"kinds": {**told.kinds, "area": rules.model_copy(update=values)}}
    )


def regime_for(year: int, kind: str = "area", on: date | None = None) -> Regime:
    """The regime of a year for a kind of unit.

    Where a reform parts a year (2025), ``on`` chooses the one of that day; without it, the
    one by which the year is decided, the later. Raises ``NotFound`` (``no_regime_for``).
    """
    found = [r for r in _ruling(kind) if r.years.hold(year)]
    ruling = [r for r in found if on and r.effective.holds(on)] or found[-1:]
    if not ruling:
        raise NotFound(Refusal("no_regime_for", {"year": year, "kind": kind}))
    return ruling[0]


def rules_of_year(year: int, kind: str) -> KindRules | None:
    """What the law of a year says of a kind of unit; nothing where it knows none, or where no
    regime of the year is on file."""
    try:
        told = regime_for(year, kind).kinds
    except NotFound:
        return None
    return {str(known): rules for known, rules in told.items()}.get(kind)


def regime_on(on: date, kind: str = "area") -> Regime | None:
    """The regime effective on a day for a kind of unit, if there is one."""
    return next((r for r in _ruling(kind) if r.effective.holds(on)), None)


def _ruling(kind: str) -> Sequence[Regime]:
    return [r for r in regimes() if kind in r.kinds and r.award == AWARD and not r.beside]


def load_acts(path: Path) -> tuple[ActRule, ...]:
    """The rules of acts in a file; raises ``DefinitionError``, also when two rules of one
    topic are effective on one day."""
    found = read(_ActFile, path).rules
    for topic in ("paper", "authority", "signature"):
        spans = [(r.id, r.effective) for r in found if r.topic == topic]
        refuse_overlaps(spans, f"rules ({topic})", path.name)
    return found


@cache
def act_rules() -> tuple[ActRule, ...]:
    """The law of papers, authority and signatures, of all times."""
    return load_acts(LAW / "rules" / "acts.toml")


def act_rule(topic: Topic, on: date) -> ActRule | None:
    """The law of a topic for an act of that day, if a file covers it."""
    return next((r for r in act_rules() if r.topic == topic and r.effective.holds(on)), None)


def applies(on: date, kind: str = "area") -> Applied:
    """Which files of law apply on a day to a kind of unit."""
    found = regime_on(on, kind)
    vote = next((r for r in rules() if r.effective.holds(on)), None)
    return Applied(
        _source(found),
        _criteria(found, kind),
        _source(vote),
        _source(act_rule("paper", on)),
        _source(act_rule("authority", on)),
        _source(act_rule("signature", on)),
    )


def _source(rule: Any) -> Source | None:
    if rule is None:
        return None
    span: Span = rule.effective
    return Source(rule.id, rule.title, rule.basis, rule.confidence, span.since, span.until)


def _criteria(found: Regime | None, kind: Any) -> Source | None:
    told = criteria_sets().get(found.kinds[kind].criteria) if found else None
    return Source(told.id, told.title, told.basis, told.confidence) if told else None
