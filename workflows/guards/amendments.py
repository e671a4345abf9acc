"""What a later paper may do to an earlier one (Nghị định 30/2020/NĐ-CP, điều 18)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from engine.errors import Refusal
from engine.house import House
from engine.move import Move
from engine.papers.amending import PLACE, amendment
from engine.papers.book import Paper
from engine.subjects import Link, Subject
from workflows.aftermath import IN_FORCE, aftermath
from workflows.guards.common import Asked
from workflows.guards.papers import waits_for
from workflows.nominations import Nomination
from workflows.resting import has_lost_ground
from workflows.streaks.running import too_short
from workflows.territory.succession import succeeds
from workflows.units import Unit

GRANTING = frozenset({"district_decision", "province_decision", "certificate"})
"""Kinds by which a higher level recognises; a refusal of one grants nothing."""

ERRATA = ("place", "printed", "correct")


def amended_in_force(move: Move) -> Iterator[Refusal]:
    """The earlier paper was issued by this very authority, or by one whose place it has taken,
    is of a kind to which this may be done, and still stands. Nothing for a paper that acts on
    none."""
    found = amendment(move)
    if found is None:
        return
    earlier = move.session.execute(
        select(Paper.kind, Paper.authority_id, Subject.state)
        .join(Subject, Subject.id == Paper.id)
        .where(Paper.id == found.of)
    ).first()
    if earlier is None or earlier.state not in IN_FORCE:
        yield Refusal("amended_not_in_force", {"state": earlier.state if earlier else ""})
    elif earlier.kind not in aftermath().amendable[found.act]:  # type: ignore[index]
        yield Refusal("not_amendable", {"act": found.act})
    elif not succeeds(move.session, move.scopes["authority"], earlier.authority_id, move.today):
        yield Refusal("amended_of_another")


def no_other_amendment(move: Move) -> Iterator[Refusal]:
    """No other paper that acts on the same one is on its way."""
    found = amendment(move)
    if found is None:
        return
    for paper in under_way(move.session, move.house, found.of):
        yield Refusal("amendment_under_way", {"paper": paper})


def under_way(session: Any, house: House, paper_id: int) -> Sequence[int]:
    """The papers that act on this one and have not come to their end yet."""
    rows = session.execute(
        select(Subject.id, Subject.state, Subject.definition_digest)
        .join(Link, Link.paper_id == Subject.id)
        .where(Link.subject_id == paper_id, Link.position == PLACE)
    )
    return [
        row.id
        for row in rows
        if not house.definition(row.definition_digest).by_state[row.state].final
    ]


def form_error_only(move: Move) -> Iterator[Refusal]:
    """What is wrong with the content is not corrected by a letter."""
    if move.data["nature"] != "form":
        yield Refusal("content_error_needs_replacement", field="nature")


def content_error_only(move: Move) -> Iterator[Refusal]:
    """A slip of form alone takes no new paper."""
    if move.data["nature"] != "content":
        yield Refusal("form_error_needs_correction", field="nature")
    if move.data["wrong"] == move.data["right"]:
        yield Refusal("nothing_corrected", field="right")


def errata_complete(move: Move) -> Iterator[Refusal]:
    """At least one place, each with what it says and what it should say instead."""
    rows = {row: cells for row, cells in move.data["errata"].items() if any(cells.values())}
    if not rows:
        yield Refusal("required", field="errata.1.place")
    for row, cells in rows.items():
        for name in ERRATA:
            if not cells[name]:
                yield Refusal("required", field=f"errata.{row}.{name}")
        if cells["printed"] and cells["printed"] == cells["correct"]:
            yield Refusal("nothing_corrected", field=f"errata.{row}.correct")


def effect_not_before_issue(move: Move) -> Iterator[Refusal]:
    """A revocation reaches back to the day the paper was issued, and no further."""
    found = amendment(move)
    if not move.data["effect_on"] or found is None:
        return
    issued = move.session.scalar(select(Paper.issued_on).where(Paper.id == found.of))
    if issued and date.fromisoformat(move.data["effect_on"]) < issued:
        yield Refusal("effect_before_issue", {"issued_on": issued.isoformat()}, field="effect_on")


def listed_fit_replacement(move: Move) -> Iterator[Refusal]:
    """Every nomination is one that the earlier paper lists and that still has its ground, or
    waits for a paper of this kind from this authority; all are of one year, and no more than
    the kind may list."""
    found = amendment(move)
    if found is None:
        yield Refusal("nothing_chosen")
        return
    kind = move.house.kinds[move.evidence["kind"]]
    wanted = [one for one in move.evidence["subjects"] if one != found.of]
    before = _listed(move, found.of)
    kept = [one for one in wanted if one in before]
    if not kept or len(set(wanted)) < len(wanted):
        yield Refusal("nothing_kept")
    if len(wanted) > 1 and not kind.lists_many:
        yield Refusal("one_at_a_time")
    yield from _fallen(move, kept)
    yield from _broken(move, kept, found.of)
    if not kind.lists_many and has_lost_ground(move.session, found.of):
        yield Refusal("ground_fell")
    years = select(Nomination.year).where(Nomination.id.in_(wanted)).distinct()
    if len(move.session.scalars(years).all()) > 1:
        yield Refusal("one_year_only")
    added = [one for one in wanted if one not in before]
    ready = set(waits_for(move, kind.id, added))
    for subject in added:
        if subject not in ready:
            yield Refusal("listed_not_ready", {"subject": subject})


def _listed(move: Move, paper_id: int) -> frozenset[int]:
    query = select(Link.subject_id).where(Link.paper_id == paper_id, Link.position > PLACE)
    return frozenset(move.session.scalars(query))


def listed_still_stand(move: Move) -> Iterator[Refusal]:
    """None that the paper lists lost meanwhile what the paper rests on: the commune's decision, or
    years running that a higher level recognises by."""
    listed = _listed(move, move.subject_id)
    yield from _fallen(move, listed)
    yield from _broken(move, listed, move.subject_id)


def _broken(move: Move, nominations: Collection[int], paper_id: int) -> Iterator[Refusal]:
    kind, level = move.session.execute(
        select(Paper.kind, Unit.kind)
        .join(Unit, Unit.id == Paper.authority_id)
        .where(Paper.id == paper_id)
    ).one()
    if kind in GRANTING:
        yield from (one.refusal for one in too_short(move.session, nominations, level))


def _fallen(move: Move, nominations: Collection[int]) -> Iterator[Refusal]:
    query = select(Subject.id, Subject.state, Subject.definition_digest)
    for row in move.session.execute(query.where(Subject.id.in_(nominations))):
        if move.house.definition(row.definition_digest).by_state[row.state].closed:
            yield Refusal("listed_fell", {"subject": row.id})


GUARDS: Asked = {
    "amended_in_force": (amended_in_force, ()),
    "no_other_amendment": (no_other_amendment, ()),
    "form_error_only": (form_error_only, ("nature",)),
    "content_error_only": (content_error_only, ("nature", "wrong", "right")),
    "errata_complete": (errata_complete, ("errata",)),
    "effect_not_before_issue": (effect_not_before_issue, ("effect_on",)),
    "listed_fit_replacement": (listed_fit_replacement, ()),
    "listed_still_stand": (listed_still_stand, ()),
}
