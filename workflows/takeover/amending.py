"""Revoking and correcting a result that was taken over from elsewhere.

No paper of such a result is here, so nothing can be drafted against it: whoever keeps the titles
of its level enters the act. What the year counts as follows at once, and is told beforehand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from engine import clock, texts
from engine.db import writing
from engine.definition import Confidence, Frozen
from engine.errors import Conflict, Forbidden, NotFound, Refusal, Refused
from engine.fields import read_day
from engine.policy import Actor, Office, office_for
from workflows import resting
from workflows.lawfiles import LAW, read
from workflows.paper_numbers import like_a_number
from workflows.results import Result
from workflows.streaks import Descent, Unreached, descent, heirs_of, unreached
from workflows.takeover.acts import ACTS, Act, RestingOnAct, ResultAct
from workflows.takeover.loading import LEVELS, level_of
from workflows.takeover.years import Years
from workflows.territory.succession import successor_on
from workflows.units import Unit, chain

LONGEST = {"reason": 1000, "authority": 160, "number": 60}
INPUTS: Mapping[Act, Collection[str]] = {
    "revocation": {*LONGEST, "decided_on", "effective_on"},
    "correction": {*LONGEST, "decided_on", "result"},
}
"""What each act asks."""
RESULTS = {"recognised": True, "not_recognised": False}


class _Rules(Frozen):
    confidence: Confidence
    by: Mapping[str, tuple[str, ...]]


@cache
def rules() -> _Rules:
    """Who may act on a result of each level; raises ``DefinitionError``."""
    return read(_Rules, LAW / "rules" / "taken-over.toml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One act as somebody enters it: what the year counts as from ``effective_on`` on, by
    which decision, and after whom (``authority``)."""

    kind: Act
    recognised: bool
    reason: str
    authority: str
    number: str
    decided_on: date | None
    effective_on: date


@dataclass(frozen=True, slots=True)
class Place:
    """A result with its unit, everything above it, and the level that recognised the unit for
    that year by the latest row that tells one: a row that revoked it tells none."""

    result: Result
    above: Mapping[str, Unit]
    told_level: str | None

    @property
    def unit(self) -> Unit:
        return next(one for one in self.above.values() if one.id == self.result.area_id)

    @property
    def level(self) -> str:
        """The level whose result this is."""
        return self.told_level or self.level_on(self.result.decided_on)

    def level_on(self, on: date | None) -> str:
        """The level that recognises such a unit for the year, by a decision of that day."""
        over = next((u.kind for u in self.above.values() if u.id == self.unit.parent_id), "")
        return level_of(self.unit.kind, self.result.year, on, over)


def place_of(session: Session, result_id: int) -> Place:
    """Raises ``NotFound`` (``no_such_result``)."""
    found = session.get(Result, result_id)
    if found is None:
        raise NotFound(Refusal("no_such_result"))
    levels = (
        select(Result.level)
        .where(Result.area_id == found.area_id, Result.year == found.year)
        .where(Result.nomination_id.is_(None), Result.level.is_not(None))
        .order_by(Result.id.desc())
        .limit(1)
    )
    return Place(found, chain(session, found.area_id), session.scalar(levels))


def office_of(actor: Actor, place: Place) -> Office | None:
    """The office in which this person may act on the result, if there is one."""
    scopes = {kind: unit.id for kind, unit in place.above.items()}
    return office_for(actor, rules().by[place.level], scopes)


def closed(result: Result) -> Refusal | None:
    """Why nothing can be done to this row any more, or never could."""
    if result.nomination_id is not None:
        return Refusal("result_of_paper")
    if result.counts_until is not None:
        return Refusal("result_followed", {"year": result.year})
    return None


def read_entry(kind: str, told: Mapping[str, str]) -> Entry:
    """An act as a form or a command tells it: ``reason``, ``authority``, ``number``,
    ``decided_on``; of a revocation ``effective_on`` (else the day of the decision), of a
    correction ``result``. Raises ``Refused`` with every reason, each with its field."""
    if kind not in ACTS:
        raise NotFound(Refusal("unknown_action", {"action": kind}))
    faults: list[Refusal] = []
    revokes = kind == "revocation"
    plain = {
        name: texts.told(told, name, faults, longest=limit, needed=revokes or name != "number")
        for name, limit in LONGEST.items()
    }
    if (number := plain["number"]) and not like_a_number(number):
        faults.append(Refusal("number_unlike", {"number": number}, field="number"))
    decided = _day(told, "decided_on", faults, needed=revokes)
    effective = (_day(told, "effective_on", faults) or decided) if revokes else clock.today()
    result = "not_recognised" if revokes else told.get("result", "")
    if result not in RESULTS:
        faults.append(Refusal("required", field="result"))
    if faults or effective is None:
        raise Refused(*faults)
    return Entry(
        "revocation" if revokes else "correction",
        RESULTS[result],
        decided_on=decided,
        effective_on=effective,
        **plain,
    )


def _day(
    told: Mapping[str, str], name: str, faults: list[Refusal], *, needed: bool = False
) -> date | None:
    text = told.get(name, "").strip()
    if not text and not needed:
        return None
    try:
        return read_day(text)
    except ValueError:
        faults.append(Refusal("not_a_date" if text else "required", field=name))
        return None


@dataclass(frozen=True, slots=True)
class Loss:
    """An area whose years running up to ``year``, the last of those that the lost one is
    among, become fewer."""

    area: str
    year: int
    streak: int
    streak_after: int


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the act will do: who loses years running, which later results stand higher than
    the years then left grant, and which papers rest on the year."""

    losses: Sequence[Loss]
    unreached: Sequence[Unreached]
    dependents: Sequence[resting.Dependent]


def foresee(session: Session, place: Place, *, recognised: bool) -> Foretold:
    """What becomes of streaks, later results and papers if the year counts so from now on;
    nothing where it does not lose its recognition."""
    told = place.result
    if recognised or not told.recognised:
        return Foretold((), (), ())
    heirs = heirs_of(session, [told.area_id]).get(told.area_id, frozenset())
    units = select(Unit).where(Unit.id.in_({told.area_id, *heirs})).order_by(Unit.id)
    now = descent(session, units.with_only_columns(Unit.id).order_by(None))
    return Foretold(
        [*_losses(session.scalars(units).all(), now, told)],
        unreached(session, now, {(told.area_id, told.year)}),
        resting.dependents_of_year(session, told.area_id, told.year),
    )


def _losses(units: Sequence[Unit], now: Descent, lost: Result) -> Iterator[Loss]:
    """The unit itself, and those it went into since whose years running go through it."""
    then = now.without({(lost.area_id, lost.year)})
    for unit in units:
        if (last := _last_through(now, unit.id, lost.year)) is not None:
            before, after = (one.run(unit.id, last).length for one in (now, then))
            yield Loss(unit.title, last, before, after)


def _last_through(now: Descent, unit_id: int, year: int) -> int | None:
    """The last year up to which years run that this one is among."""
    years = range(year, clock.today().year + 1)
    return max((one for one in years if now.run(unit_id, one).length > one - year), default=None)


def record(session: Session, actor: Actor, result_id: int, entry: Entry) -> int:
    """Writes the act, ends the days on which the row counts, writes what the year counts as
    from then on, and marks the papers in force that rest on a year so lost; the act's id.

    Raises ``NotFound``, ``Forbidden`` (``not_yours``), ``Conflict`` when the row was acted on
    already or has papers here, and ``Refused`` with every reason.
    """
    with writing(session):
        locked = select(Result).where(Result.id == result_id).with_for_update()
        session.scalar(locked.execution_options(populate_existing=True))
        place = place_of(session, result_id)
        office = office_of(actor, place)
        if office is None or actor.person_id is None:
            raise Forbidden(Refusal("not_yours", {"by": list(rules().by[place.level])}))
        if why := closed(place.result):
            raise Conflict(why)
        if refusals := [*against(session, place, entry)]:
            raise Refused(*refusals)
        resting_on = foresee(session, place, recognised=entry.recognised).dependents
        act = _act(place.result, entry, actor.person_id, office)
        session.add(act)
        session.flush()
        _follow(session, place, entry, act.id)
        if resting_on:
            rows = [{"paper_id": one.paper_id, "act_id": act.id} for one in resting_on]
            session.execute(insert(RestingOnAct), rows)
        return act.id


def against(session: Session, place: Place, entry: Entry) -> Iterator[Refusal]:
    """Every reason against the act that the result and the days hold."""
    told, decided = place.result, entry.decided_on
    if entry.kind == "revocation" and not told.recognised:
        yield Refusal("result_not_recognised", {"year": told.year})
    if entry.kind == "correction" and _same(told, entry):
        yield Refusal("result_nothing_corrected", field="result")
    # Of two acts of one day the one entered later prevails: what the first wrote counts on none.
    if entry.effective_on < told.counts_from:
        since = told.counts_from.isoformat()
        yield Refusal("result_effect_too_early", {"since": since}, field=_effect(entry))
    if entry.effective_on > clock.today():
        yield Refusal("result_effect_in_future", field=_effect(entry))
    if decided is None:
        return
    begins = Years().window(told.year, place.unit.kind).starts_on
    if decided > clock.today():
        yield Refusal("result_decided_in_future", field="decided_on")
    if decided < begins:
        places = {"year": told.year, "begins": begins.isoformat()}
        yield Refusal("result_decided_before_year", places, field="decided_on")
    if entry.effective_on < decided and entry.kind == "revocation":
        places = {"decided_on": decided.isoformat()}
        yield Refusal("result_effect_before_decision", places, field="effective_on")
    if absent := _absent(session, place, decided):
        places = {"unit": absent.title, "on": decided.isoformat()}
        yield Refusal("result_authority_not_there", places, field="decided_on")


def _effect(entry: Entry) -> str | None:
    return "effective_on" if entry.kind == "revocation" else None


def _same(told: Result, entry: Entry) -> bool:
    now = (told.recognised, told.decision_number or "", told.decided_on)
    return now == (entry.recognised, entry.number, entry.decided_on)


def _absent(session: Session, place: Place, on: date) -> Unit | None:
    """The unit of the level that decides, if neither it nor what took its place was there on
    that day, and no level above it could have decided for one that had ended."""
    levels = LEVELS[LEVELS.index(place.level) :]
    own: Unit | None = None
    for unit in (place.above[level] for level in levels if level in place.above):
        own = own or unit
        if on < unit.starts_on:
            return own
        if successor_on(session, unit.id, on) is not None:
            return None
    return own


def _act(told: Result, entry: Entry, person_id: int, office: Office) -> ResultAct:
    return ResultAct(
        kind=entry.kind,
        area_id=told.area_id,
        year=told.year,
        recognised=entry.recognised,
        number=entry.number,
        decided_on=entry.decided_on,
        authority=entry.authority,
        effective_on=entry.effective_on,
        reason=entry.reason,
        entered_by=person_id,
        office=office.record(),
        entered_at=clock.now(),
    )


def _follow(session: Session, place: Place, entry: Entry, act_id: int) -> None:
    told = place.result
    ended: dict[str, Any] = {"counts_until": entry.effective_on, "ended_by_id": act_id}
    session.execute(update(Result).where(Result.id == told.id).values(ended))
    level = place.told_level or place.level_on(entry.decided_on)
    row = {
        "area_id": told.area_id,
        "year": told.year,
        "recognised": entry.recognised,
        "level": level if entry.recognised else None,
        "decision_number": entry.number or None,
        "decided_on": entry.decided_on,
        "source": told.source if entry.kind == "revocation" else entry.authority,
        "counts_from": entry.effective_on,
        "made_by_id": act_id,
    }
    session.execute(insert(Result), [row])
