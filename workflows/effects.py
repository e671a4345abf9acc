"""What the moves of a nomination change besides its state: rows, and papers to follow."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update

from engine.binding import Binding
from engine.move import Move, Opening
from engine.papers.book import Paper
from engine.subjects import Link
from workflows import resting
from workflows.cases import nomination, unit
from workflows.contexts.pieces import signer
from workflows.cycles import SECURITY
from workflows.decisions import DRAFT
from workflows.households import count
from workflows.nominations import Nomination
from workflows.recount import Falling, recount
from workflows.results import Result, counting
from workflows.units import Unit

CERTIFICATE = "certificate"


def bind(binding: Binding) -> None:
    """Adds the effects of nominations."""
    for effect in (
        create_nomination,
        freeze_roll,
        record_result,
        record_not_recognised,
        draft_certificate,
        remember_signatory,
        mark_resting,
        count_again,
    ):
        binding.effect(effect.__name__)(effect)


def remember_signatory(move: Move) -> None:
    """Keeps which person, in which appointment, the paper names as signatory: two people may
    have one name."""
    found = signer(move, unit(move, move.scopes["authority"]))
    move.record["signatory"] = {"person": found.person_id, "appointment": found.id}


def create_nomination(move: Move) -> None:
    """Writes what the nomination is about; the history keeps it too."""
    told = {name: move.evidence[name] for name in ("area", "year", "title")}
    move.session.execute(
        insert(Nomination).values(
            id=move.subject_id, area_id=told["area"], year=told["year"], title=told["title"]
        )
    )
    move.record |= told


def freeze_roll(move: Move) -> None:
    """Fixes the number of all households, which the vote is counted against."""
    move.record["households"] = count(move.session, move.scopes["area"])


def record_result(move: Move) -> None:
    """The year counts as recognised, at the level of the authority that issued the paper."""
    level = move.session.scalar(
        select(Unit.kind)
        .join(Paper, Paper.authority_id == Unit.id)
        .where(Paper.id == move.evidence["paper"])
    )
    _write(move, recognised=True, level=level)


def record_not_recognised(move: Move) -> None:
    """The year counts as not recognised: it ends a streak."""
    _write(move, recognised=False, level=None)


def _write(move: Move, **told: Any) -> None:
    """One result for each unit and year on any day: a later decision takes the place of an
    earlier one; what a revocation will make of the year on a later day stays. What becomes of
    another title is told by the state of its nomination alone."""
    found = nomination(move)
    if found.title != SECURITY:
        return
    told |= {
        "decision_number": move.evidence.get("number"),
        "decided_on": move.today,
        "nomination_id": found.id,
    }
    its_own = (Result.area_id == found.area_id, Result.year == found.year)
    done = move.session.execute(
        update(Result)
        .where(*its_own, counting(move.today))
        .values(told)
        .returning(Result.id)
        .execution_options(synchronize_session=False)
    ).first()
    if done is None:
        move.session.execute(delete(Result).where(*its_own))
        row = told | {"area_id": found.area_id, "year": found.year, "source": ""}
        move.session.execute(insert(Result).values(row))


def draft_certificate(move: Move) -> None:
    """Opens the certificate of this area, by the authority of the paper that led here."""
    authority = move.session.scalar(
        select(Paper.authority_id).where(Paper.id == move.evidence["paper"])
    )
    if authority is None:
        raise LookupError("no paper led to this certificate")
    move.then(
        Opening(
            None,
            move.house.kinds[CERTIFICATE].definition,
            DRAFT,
            {"authority": authority},
            evidence={"kind": CERTIFICATE, "subjects": [move.subject_id]},
        )
    )


def count_again(move: Move) -> None:
    """The paper that moves falls: the results of all it listed, and of all that the paper
    in its place lists, are folded anew from what still stands."""
    told = move.evidence
    day = date.fromisoformat(told["by_date"])
    effect = told.get("effect_on") or told["by_date"]
    falling = Falling(move.subject_id, told["by_number"], day, date.fromisoformat(effect))
    papers = (move.subject_id, told["by"])
    query = (
        select(Link.subject_id)
        .join(Nomination, Nomination.id == Link.subject_id)
        .where(Link.paper_id.in_(papers))
        .distinct()
    )
    recount(move.session, move.session.scalars(query).all(), falling)


def mark_resting(move: Move) -> None:
    """Marks the papers in force that rest on what falls with this paper, for those who
    issued them to look at. None of them falls by itself."""
    replaced = move.transition.act == "replacement"
    kept = resting.listed_in(move.session, move.evidence["by"]) if replaced else frozenset[int]()
    found = resting.dependents(move.session, move.subject_id, kept)
    resting.mark(move.session, move.subject_id, [one.paper_id for one in found], move.at)
