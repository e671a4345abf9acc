"""The pieces that papers share: authority, signatory, people, the vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.clock import VIETNAM, law_date
from engine.errors import Refusal, Refused
from engine.history import Facts
from engine.move import Move
from engine.policy import Office
from workflows import cases
from workflows.contexts.words import authority_name, words
from workflows.cycles import SECURITY
from workflows.names import titled, unstopped
from workflows.people import Appointment, Person, holders_of
from workflows.territory.succession import successor_on
from workflows.titles import standard
from workflows.units import Unit

Values = dict[str, Any]
OWN_NAME = ("", "Q.", "TM.")
"""The capacities in which the head of an authority signs: no deputy stands in."""


def head(move: Move, year: int, title: str = SECURITY) -> Values:
    """What every paper begins with."""
    return {"specimen": move.house.specimen, "year": year, "standard": standard(title)}


def authority(unit: Unit) -> Values:
    """An authority that issues outgoing papers. People's committees name no superior."""
    told = words()["authority"]
    return {
        "parent": "",
        "name": authority_name(unit),
        "collective": told["collective"],
        "head_title": told["head_title"],
        "place": unit.name,
        "form": told["form"],
        "seal_mm": told["seal_mm"][unit.kind],
    }


def area_issuer(case: cases.Case) -> Values:
    """A hamlet, or another unit, that writes its own papers."""
    place = case.area if case.area.kind == "commune" else case.commune
    return {"parent": case.commune.heading, "name": case.area.heading, "place": place.name}


def named(session: Session, area: Unit, on: date) -> str:
    """A unit as the list of a decision names it: one that is no more on that day, with what took
    its place beside it."""
    now = successor_on(session, area.id, on)
    if now is None or now == area.id:
        return area.title
    return str(words()["former"]).format(name=area.title, now=session.get_one(Unit, now).title)


def appraiser_issuer(unit: Unit) -> Values:
    """The standing body that appraises for an authority."""
    name = words()["appraisers"][unit.kind]["name"]
    return {"parent": authority_name(unit), "name": name, "place": unit.name}


def signer(move: Move, unit: Unit) -> Appointment:
    """Who signs for an authority today: its head, or, without one, whoever holds the office.

    Raises ``Refused`` (``no_signatory``) when nobody does.
    """
    held = holders_of(move.session, f"{unit.kind}_chair", unit.id, move.today)
    own = [appointment for appointment in held if appointment.capacity in OWN_NAME]
    for appointment in (*own, *held):
        return appointment
    raise Refused(Refusal("no_signatory", {"authority": authority_name(unit)}))


def signatory(move: Move, unit: Unit) -> Values:
    """How whoever signs for an authority is printed; raises as ``signer`` does."""
    appointment = signer(move, unit)
    return {
        "capacity": appointment.capacity,
        "head_title": words()["authority"]["head_title"],
        "title": appointment.title,
        "name": appointment.person.name,
    }


def acting(move: Move, unit: Unit) -> Values:
    """Who signs by hand a paper of an office: the person who makes this move."""
    office = move.office
    head_title = words()["appraisers"][unit.kind]["head_title"].format(form=unit.form)
    return {
        "capacity": office.capacity if office else "",
        "head_title": head_title,
        "title": office.title if office else head_title,
        "name": move.actor.name,
    }


def person(title: str, name: str) -> dict[str, str]:
    return {"title": title, "name": name}


def hamlet_head(move: Move, office: Office | None = None) -> dict[str, str]:
    """The hamlet head who makes this move."""
    office = office or move.office
    return person(office.title if office else "", move.actor.name)


def person_of(move: Move, action: str, title: str) -> dict[str, str]:
    """Who made an earlier move."""
    fact = cases.needed(move.facts, action)
    found = move.session.get(Person, fact.person_id) if fact.person_id else None
    return person(title, found.name if found else "")


def described(line: str, default: str) -> dict[str, str]:
    """``Bí thư chi bộ: Nguyễn Văn A`` as a person with a title."""
    title, name = titled(line)
    return person(title or default, name)


def phrases(lines: Sequence[str]) -> list[str]:
    """Texts as they stand inside the sentences of a paper."""
    return [unstopped(line) for line in lines]


def local(moment: datetime) -> dict[str, str]:
    """An instant as the law date and the clock in Vietnam."""
    return {
        "date": law_date(moment).isoformat(),
        "time": moment.astimezone(VIETNAM).strftime("%H:%M"),
    }


def iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def vote(facts: Facts) -> Values:
    """The residents' vote in figures; a show of hands has no ballots. Where officers met in its
    place, no household counts: only the day, who was there and who agreed."""
    if "record_count" not in facts:
        return _meeting(cases.needed(facts, "record_meeting").data)
    count, found = cases.count_of(facts), cases.verdict(facts)
    return {
        "date": law_date(cases.meeting_at(facts)).isoformat(),
        "households": cases.households(facts),
        "present": count.present,
        "issued": count.issued or 0,
        "returned": count.returned or 0,
        "valid": count.valid or 0,
        "invalid": count.invalid or 0,
        "yes": count.yes,
        "no": count.no,
        "needs": found.needs,
        "passed": found.passes,
    }


def _meeting(told: Mapping[str, Any]) -> Values:
    ballots = dict.fromkeys(("issued", "returned", "valid", "invalid"), 0)
    return {
        "date": told["met_on"],
        "households": 0,
        "present": told["present"],
        **ballots,
        "yes": told["agreed"],
        "no": told["present"] - told["agreed"],
        "needs": 0,
        "passed": True,
    }
