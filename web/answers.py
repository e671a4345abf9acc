"""What the API and the command line answer, as plain values with fixed names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.binding import Row
from engine.commands import Outcome, available, prospect
from engine.definition import Definition, FieldDef
from engine.errors import EngineError, NotFound, Refusal, Stale
from engine.house import House
from engine.papers.book import LEVELS, Paper
from engine.policy import Actor
from engine.subjects import Subject
from workflows import amendments, archive, resting, standing, wording
from workflows.queries import cases, listing
from workflows.queries.cases import Case, Line, Listed
from workflows.queries.state_names import Standing, state_names
from workflows.queries.waiting import in_hand, pending
from workflows.successions import first
from workflows.units import Unit

Plain = dict[str, Any]
RowsOf = Callable[[str], Sequence[Row]]


def refusal(reason: Refusal, language: str) -> Plain:
    """One reason against something, with its sentence."""
    return {
        "code": reason.code,
        "detail": wording.say(reason, language),
        "clause": reason.clause,
        "field": reason.field,
    }


def problem(error: EngineError, language: str) -> Plain:
    """A refusal as ``application/problem+json`` has it (RFC 9457), every reason told."""
    reasons = [refusal(reason, language) for reason in error.refusals]
    detail = " ".join(wording.named(reason, language) for reason in error.refusals)
    told = problem_of(error.status, error.code, detail, reasons)
    if isinstance(error, Stale):
        told["since"] = since(error)
    return told


def since(error: Stale) -> list[Plain]:
    """What happened after the version that the caller had seen."""
    return [
        {"version": event.version, "action": event.action, "to": event.to_state}
        for event in error.since
    ]


def problem_of(status: int, code: str, detail: str, reasons: Sequence[Plain] = ()) -> Plain:
    """The members of a problem; one without reasons is its own reason."""
    own = {"code": code, "detail": detail, "clause": None, "field": None}
    return {
        "type": f"urn:binhxet:refusal:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        "clause": next((reason["clause"] for reason in reasons if reason["clause"]), None),
        "refusals": list(reasons) or [own],
    }


def known(case: Case | None, subject_id: int) -> Case:
    """The case that was found; raises ``NotFound``."""
    if case is None:
        raise NotFound(Refusal("no_such_subject", {"id": subject_id}))
    return case


def nomination(session: Session, house: House, case: Case, language: str) -> Plain:
    """A nomination whole: where it stands, what happened, which papers it has."""
    definition = house.definition(case.digest)
    area, commune = case.places[0], case.places[1]
    codes = _codes(session, [place.id for place in case.places])
    papers = cases.papers_of(session, case.id)
    paper = in_hand(house, case, papers)
    return {
        "id": case.id,
        "area": codes[area.id],
        "area_name": area.title,
        "commune": codes[commune.id],
        "commune_name": commune.title,
        "cycle": case.year,
        "regime": first(case.definition_id),
        "definition": case.definition_id,
        "regime_digest": case.digest,
        "state": case.state,
        "state_name": state_names(session, house, [case], language)[case.id],
        "version": case.version,
        "entered_at": case.entered_at.isoformat(),
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "waiting_on": _waiting(session, paper.id if paper else case.id, language),
        "history": [_line(line, definition, language) for line in _history(session, case.id)],
        "papers": [_listed(one, house, language) for one in papers],
    }


def nominations(rows: Sequence[listing.Row], house: House, named: Mapping[int, str]) -> list[Plain]:
    """One page of the list, with the names of where each stands."""
    return [
        {
            "id": row.id,
            "area_code": row.area_code,
            "area_name": row.area,
            "commune_name": row.commune,
            "cycle": row.year,
            "regime": first(house.definition(row.digest).id),
            "state": row.state,
            "state_name": named[row.id],
            "version": row.version,
            "entered_at": row.entered_at.isoformat(),
            "due_at": row.due_at.isoformat() if row.due_at else None,
        }
        for row in rows
    ]


def moves(session: Session, house: House, case: Case, actor: Actor, language: str) -> Plain:
    """What this person may do now, and for what they may not, why."""
    definition = house.definition(case.digest)
    return {
        "id": case.id,
        "state": case.state,
        "version": case.version,
        "moves": [
            {
                "action": option.transition.id,
                "label": option.transition.label[language],
                "to": option.transition.target,
                "open": option.open,
                "refusals": [refusal(reason, language) for reason in option.refusals],
                "fields": [
                    _field(field, definition, language, rows)
                    for field in definition.fields_of(option.transition)
                ],
            }
            for option in available(session, house, case.id, actor)
            for rows in [_rows(session, house, case.id, option.transition.id, actor)]
        ],
    }


def _rows(session: Session, house: House, subject_id: int, action: str, actor: Actor) -> RowsOf:
    """The rows of a source, as the move would see them."""

    def rows(source: str) -> Sequence[Row]:
        return house.binding.rows[source](prospect(session, house, subject_id, action, actor))

    return rows


def paper(session: Session, house: House, case: Case, language: str) -> Plain:
    """A paper whole: its number, its files, what it lists, what happened to it."""
    sheet = case.paper
    if sheet is None:
        raise NotFound(Refusal("no_such_paper", {"id": case.id}))
    definition = house.definition(case.digest)
    return {
        "id": case.id,
        "kind": sheet.kind,
        "kind_name": house.kinds[sheet.kind].label[language],
        "code": sheet.code,
        "authority": _codes(session, [sheet.authority.id])[sheet.authority.id],
        "authority_name": sheet.authority.title,
        "number": sheet.number or None,
        "issued_on": sheet.issued_on.isoformat() if sheet.issued_on else None,
        "state": case.state,
        "state_name": definition.by_state[case.state].label[language],
        "version": case.version,
        "level": archive.level(session, case.id) or None,
        "files": _files(session, case.id),
        "nominations": [
            {"id": found, "area_name": area, "commune_name": commune, "cycle": year, "state": state}
            for found, area, commune, year, state, _ in cases.listed_in(session, case.id)
        ],
        "amends": _target(session, case.id),
        "changes": [change.record() for change in standing.changes(session, case.id)],
        "rests_on_fallen": [_fallen(one) for one in resting.shaken(session, paper_id=case.id)],
        "waiting_on": _waiting(session, case.id, language),
        "history": [_line(line, definition, language) for line in _history(session, case.id)],
    }


def _files(session: Session, paper_id: int) -> list[Plain]:
    return [
        {
            "stage": stage,
            "level": LEVELS.get(stage),
            "sha256": sha256,
            "size": size,
            "at": at.isoformat(),
        }
        for stage, sha256, size, at in cases.versions(session, paper_id)
    ]


def _target(session: Session, paper_id: int) -> Plain | None:
    """The earlier paper that this one acts on."""
    found = standing.target(session, paper_id)
    if found is None:
        return None
    return {"act": found.act, "id": found.paper_id, "paper": found.code, "number": found.number}


def consequences(told: amendments.Consequences) -> Plain:
    """What the issue of a paper that acts on an earlier one will do."""
    return {
        "lost": [
            {
                "id": one.listed.id,
                "area_name": one.listed.area,
                "commune_name": one.listed.commune,
                "cycle": one.listed.year,
                "streak": one.streak,
                "streak_after": one.streak_after,
                "heirs": [
                    {
                        "area_name": heir.area,
                        "streak": heir.streak,
                        "streak_after": heir.streak_after,
                    }
                    for heir in one.heirs
                ],
            }
            for one in told.lost
        ],
        "unreached": [asdict(one) for one in told.unreached],
        "added": list(told.added),
        "dependents": [
            {
                "id": one.paper_id,
                "kind": one.kind,
                "number": one.number,
                "issued_on": one.issued_on.isoformat(),
                "authority_name": one.authority,
                "areas": list(one.areas),
            }
            for one in told.dependents
        ],
    }


def shaken(found: Sequence[resting.Shaken], house: House, language: str) -> list[Plain]:
    """Papers in force that rest on fallen ones."""
    return [
        {
            "id": one.paper_id,
            "kind": one.kind,
            "kind_name": house.kinds[one.kind].label[language],
            "number": one.number,
            "issued_on": one.issued_on.isoformat(),
            "authority_name": one.authority,
            "fallen": _fallen(one),
        }
        for one in found
    ]


def _fallen(one: resting.Shaken) -> Plain:
    """What a paper rests on that fell: a paper, or the year of a result taken over."""
    told: Plain = {"number": one.fallen_number, "state": one.fallen_state}
    return {**told, "id": one.fallen_id or None, "year": one.year or None}


def papers(
    session: Session,
    house: House,
    language: str,
    *,
    kind: str | None,
    state: str | None,
    limit: int,
    offset: int,
) -> list[Plain]:
    """Some papers, the newest first."""
    query = (
        select(Paper, Subject.state, Unit)
        .join(Subject, Subject.id == Paper.id)
        .join(Unit, Unit.id == Paper.authority_id)
        .order_by(Paper.drafted_at.desc(), Paper.id.desc())
    )
    if kind:
        query = query.where(Paper.kind == kind)
    if state:
        query = query.where(Subject.state == state)
    return [
        {
            "id": found.id,
            "kind": found.kind,
            "kind_name": house.kinds[found.kind].label[language],
            "state": at,
            "number": found.number_text or None,
            "issued_on": found.issued_on.isoformat() if found.issued_on else None,
            "authority_name": unit.title,
        }
        for found, at, unit in session.execute(query.limit(limit).offset(offset))
    ]


def outcome(
    session: Session, house: House, case: Case, done: Outcome, action: str, language: str
) -> Plain:
    """Where a move led. ``again`` tells that the same key had been answered before."""
    now = Standing(done.subject_id, case.digest, done.state)
    return {
        "id": done.subject_id,
        "action": action,
        "state": done.state,
        "state_name": state_names(session, house, [now] if done.state else [], language).get(
            now.id, ""
        ),
        "version": done.version,
        "again": done.again,
    }


def _codes(session: Session, unit_ids: Sequence[int]) -> Mapping[int, str]:
    rows = session.execute(select(Unit.id, Unit.code).where(Unit.id.in_(unit_ids)))
    return {row.id: row.code for row in rows}


def _history(session: Session, subject_id: int) -> Sequence[Line]:
    return cases.timeline(session, subject_id)


def _line(line: Line, definition: Definition, language: str) -> Plain:
    transition = definition.by_transition.get(line.action)
    return {
        "version": line.version,
        "at": line.at.isoformat(),
        "action": line.action,
        "label": transition.label[language]
        if transition
        else wording.name_of("moves", line.action, language),
        "from": line.from_state,
        "to": line.to_state,
        "person": line.person or None,
        "office": dict(line.office) if line.office else None,
        "duty": line.duty,
        "data": dict(line.data),
        "hash": line.hash,
    }


def _listed(one: Listed, house: House, language: str) -> Plain:
    return {
        "id": one.id,
        "kind": one.kind,
        "kind_name": house.kinds[one.kind].label[language],
        "state": one.state,
        "number": one.number or None,
        "issued_on": one.issued_on.isoformat() if one.issued_on else None,
        "authority_name": one.authority,
    }


def _waiting(session: Session, subject_id: int, language: str) -> list[Plain]:
    return [
        {
            "role": found.role,
            "role_name": wording.role_name(found.role, language),
            "unit_name": found.unit or None,
            "person": found.holder.name if found.holder else None,
        }
        for found in pending(session, subject_id)
    ]


def _field(field: FieldDef, definition: Definition, language: str, rows: RowsOf) -> Plain:
    told: Plain = {
        "id": field.id,
        "type": field.type,
        "label": field.label[language],
        "required": field.required,
    }
    if field.choices:
        told["choices"] = [choice.id for choice in field.choices]
    if field.rows:
        told["rows"] = [
            {"id": row.id, "label": (row.label_en if language == "en" else "") or row.label}
            for row in rows(field.rows)
        ]
        told["columns"] = [
            _field(definition.by_field[name], definition, language, rows) for name in field.columns
        ]
    return told
