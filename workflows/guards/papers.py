"""What a paper may list, and whose hand signs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from engine.definition import Definition, scope_of
from engine.errors import Refusal
from engine.move import Move
from engine.papers.amending import opening
from engine.papers.book import Paper
from engine.subjects import Link, Subject, SubjectScope
from workflows.authority import bar
from workflows.guards.common import Asked
from workflows.nominations import Nomination
from workflows.units import Unit


def listed_fit_paper(move: Move) -> Iterator[Refusal]:
    """Every nomination listed waits for a paper of this kind, from this very authority, which
    may decide today; all are of one year, and no more than the kind may list."""
    kind = move.house.kinds[move.evidence["kind"]]
    wanted: Sequence[int] = move.evidence["subjects"]
    rows = _rows(move, wanted)
    yield from level_may_decide(move, {row.definition_digest for row in rows})
    if not wanted or len(set(wanted)) < len(wanted):
        yield Refusal("nothing_chosen")
    if len(wanted) > 1 and not kind.lists_many:
        yield Refusal("one_at_a_time")
    if len({row.year for row in rows}) > 1:
        yield Refusal("one_year_only")
    ready = set(waits_for(move, kind.id, wanted, rows))
    left = [subject for subject in wanted if subject not in ready]
    names = _names(move, left) if left else {}
    for subject in left:
        yield Refusal("listed_not_ready", {"subject": names.get(subject, str(subject))})


def waits_for(
    move: Move, kind: str, wanted: Sequence[int], rows: Sequence[Any] | None = None
) -> Iterator[int]:
    """Those of the nominations that wait for a paper of that kind from this authority."""
    found = _rows(move, wanted) if rows is None else rows
    return (row.id for row in found if _waits_for(move, kind, row))


def _rows(move: Move, wanted: Sequence[int]) -> Sequence[Any]:
    return move.session.execute(
        select(
            Subject.id,
            Subject.state,
            Subject.definition_digest,
            Nomination.year,
            SubjectScope.scope,
        )
        .join(Nomination, Nomination.id == Subject.id)
        .join(SubjectScope, SubjectScope.subject_id == Subject.id)
        .where(Subject.id.in_(wanted), SubjectScope.unit_id == move.scopes["authority"])
    ).all()


def _names(move: Move, subjects: Sequence[int]) -> Mapping[int, str]:
    """Which areas these nominations are of, as people call them."""
    rows = move.session.execute(
        select(Nomination.id, Unit.name)
        .join(Unit, Unit.id == Nomination.area_id)
        .where(Nomination.id.in_(subjects))
    )
    return {row.id: row.name for row in rows}


def _waits_for(move: Move, kind: str, row: Any) -> bool:
    """Its state is left for such a paper, and waits on an office of the paper's authority."""
    definition: Definition = move.house.definition(row.definition_digest)
    awaited = any(t.on == f"{kind}:drafted" for t in definition.leaving(row.state))
    scopes = {scope_of(rule) for rule in definition.by_state[row.state].waiting_on}
    return awaited and row.scope in scopes


def level_may_decide(move: Move, digests: Collection[str]) -> Iterator[Refusal]:
    """The authority's level is one that may decide today the files under these definitions."""
    unit = move.session.get_one(Unit, move.scopes["authority"])
    rule = bar(unit.kind, move.today, {move.house.definition(one).id for one in digests})
    if rule:
        params = {"authority": unit.title, "since": rule.effective.since.isoformat()}
        yield Refusal("level_may_not_decide", params, rule.basis[0])


def listed_definitions(move: Move) -> set[str]:
    """The definitions, by digest, of the nominations that the paper is about: those it lists,
    or the paper on which it acts, however many letters lie in between."""
    found: set[str] = set()
    seen: set[int] = set()
    papers = {move.subject_id or 0}
    while papers:
        seen |= papers
        query = select(Subject.id, Subject.kind, Subject.definition_digest)
        query = query.join(Link, Link.subject_id == Subject.id).where(Link.paper_id.in_(papers))
        rows = move.session.execute(query).all()
        found |= {row.definition_digest for row in rows if row.kind == "nomination"}
        papers = {row.id for row in rows if row.kind == "paper"} - seen
    return found


def signer_is_the_one_printed(move: Move) -> Iterator[Refusal]:
    """The person who signs is the one whom the paper named when it was drafted, and the
    authority may decide on the day of signing."""
    yield from level_may_decide(move, listed_definitions(move))
    if opening(move.facts)["signatory"]["person"] == move.actor.person_id:
        return
    values = move.session.scalar(select(Paper.values).where(Paper.id == move.subject_id))
    yield Refusal("signatory_differs", {"printed": values["signatory"]["name"] if values else ""})


GUARDS: Asked = {
    "listed_fit_paper": (listed_fit_paper, ()),
    "signer_is_the_one_printed": (signer_is_the_one_printed, ()),
}
