"""What the moves of a paper change: guards and effects that every domain shares.

The workflow of papers is data like any other; these are the functions it names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update

from engine import clock, registers
from engine.binding import Binding
from engine.errors import Refusal, Refused, Stale
from engine.move import Move
from engine.papers import amending, annexes, handed_out, telling
from engine.papers.book import ANNEX_ISSUED, ANNEX_RENDERED, Paper, PaperVersion
from engine.papers.freeze import freeze, thaw
from engine.subjects import Link


def bind(binding: Binding) -> None:
    """Adds the paper guards and effects to a domain's binding."""
    binding.guard("signature_covers_paper")(signature_covers_paper)
    binding.guard("seal_covers_signed_paper")(seal_covers_signed_paper)
    binding.effect("create_paper")(create_paper)
    binding.effect("keep_signed")(keep_signed)
    binding.effect("number_and_keep")(number_and_keep)
    binding.effect("log_act")(log_act)
    binding.effect("tell_listed")(tell_listed)
    binding.effect("remember_paper")(remember_paper)
    binding.effect("remember_amended")(amending.remember_amended)
    binding.effect("tell_amended")(amending.tell_amended)
    binding.effect("remember_amendment")(amending.remember_amendment)
    binding.effect("tell_dropped")(amending.tell_dropped)


def latest(move: Move, stage: str) -> str | None:
    """The digest of the paper's bytes at a stage, if it has reached it."""
    return move.session.scalar(
        select(PaperVersion.sha256)
        .where(PaperVersion.paper_id == move.subject_id, PaperVersion.stage == stage)
        .order_by(PaperVersion.id.desc())
        .limit(1)
    )


def signature_covers_paper(move: Move) -> Iterator[Refusal]:
    """The bytes that were signed are the bytes that were shown, and the key is the signer's."""
    yield from _covers(move, "rendered")
    if move.evidence and move.evidence.get("person_id") != move.actor.person_id:
        yield Refusal("certificate_of_another")


def seal_covers_signed_paper(move: Move) -> Iterator[Refusal]:
    """The seal closes the very file that the leader signed, with the authority's key; and an
    annex in a file of its own is signed with it, the very one that the paper names."""
    yield from _covers(move, "signed")
    if move.evidence and move.evidence.get("authority_id") != move.scopes["authority"]:
        yield Refusal("seal_of_another")
    first = latest(move, ANNEX_RENDERED) if move.evidence else None
    if (move.evidence or {}).get("annex", {}).get("base") != first:
        yield Refusal("annex_not_signed" if first else "signed_other_bytes")


def _covers(move: Move, stage: str) -> Iterator[Refusal]:
    base = latest(move, stage)
    if base is None:
        yield Refusal("paper_not_ready")
    elif not move.evidence and move.actor.is_system:
        yield Refusal("not_signed")
    elif move.evidence and move.evidence.get("base") != base:
        yield Refusal("signed_other_bytes")


def create_paper(move: Move) -> None:
    """Writes the paper's row with its frozen values, and what it lists."""
    kind = move.evidence["kind"]
    subjects: Sequence[int] = move.evidence["subjects"]
    told = move.evidence.get("values") or move.house.binding.contexts[kind](move)
    code, longest = clock.new_code(), move.house.longest_list
    frozen = freeze(annexes.placed(move.house.kinds[kind], told, code, longest))
    digest = hashlib.sha256(frozen.encode()).hexdigest()
    move.session.execute(
        insert(Paper).values(
            id=move.subject_id,
            kind=kind,
            authority_id=move.scopes["authority"],
            code=code,
            values=thaw(frozen),
            values_digest=digest,
            template_digest=move.house.template_digest(kind),
            drafted_at=move.at,
        )
    )
    links = [
        {"paper_id": move.subject_id, "subject_id": subject, "position": position}
        for position, subject in amending.placed(move, subjects)
    ]
    move.session.execute(insert(Link), links)
    move.record |= {"kind": kind, "values_digest": digest, "subjects": list(subjects)}
    move.later("render", paper=move.subject_id)


def keep_signed(move: Move) -> None:
    """Keeps the digest of the file that carries the leader's signature."""
    _keep(move, "signed")


def number_and_keep(move: Move) -> None:
    """Takes the next number of the register and keeps the digest of the sealed file.

    The number was printed before the transaction began; if another paper took it meanwhile
    the whole move is ``Stale`` and the desk prepares it again with the next one.
    """
    if not {"number", "issued_on", "sha256", "size"} <= move.evidence.keys():
        raise _unsigned(move)
    kind = move.house.kinds[telling.kind_of(move)]
    number = registers.take(
        move.session,
        move.scopes["authority"],
        kind.series,
        move.today,
        paper_id=move.subject_id,
        person_id=move.actor.person_id,
    )
    if number != move.evidence["number"] or move.today.isoformat() != move.evidence["issued_on"]:
        raise Stale(Refusal("number_taken", {"number": move.evidence["number"]}))
    text = registers.written(number, kind.symbol)
    move.session.execute(
        update(Paper)
        .where(Paper.id == move.subject_id)
        .values(number=number, number_text=text, issued_on=move.today)
        .execution_options(synchronize_session=False)
    )
    move.record |= {"number": text, "issued_on": move.today.isoformat()}
    if "handed_out" in move.evidence:
        handed_out.settle(move.session, move.evidence["handed_out"], move.subject_id, move.at)
    if "annex" in move.evidence:
        move.later("log", version=_keep_annex(move))
        move.later("stamp", paper=move.subject_id, annex=1)
    move.later("log", version=_keep(move, "issued"))
    move.later("stamp", paper=move.subject_id)


def log_act(move: Move) -> None:
    """Has this move of an issued paper logged: it was corrected, replaced or revoked."""
    move.later("log", paper=move.subject_id, act=move.version + 1)


def _keep_annex(move: Move) -> int:
    """Keeps the digest of the annex that the agency signed with the paper."""
    told = move.evidence["annex"]
    move.record["annex"] = told["sha256"]
    return _row(move, ANNEX_ISSUED, told)


def _unsigned(move: Move) -> Refused:
    """Why there is no file to keep: no key was used at all, or what it made is not whole."""
    code = "not_signed" if move.evidence else "needs_key"
    return Refused(Refusal(code, clause=move.transition.clause))


def _row(move: Move, stage: str, told: Mapping[str, Any]) -> int:
    return move.session.execute(
        insert(PaperVersion)
        .values(
            paper_id=move.subject_id,
            stage=stage,
            sha256=told["sha256"],
            size=told["size"],
            at=move.at,
        )
        .returning(PaperVersion.id)
    ).scalar_one()


def _keep(move: Move, stage: str) -> int:
    """Keeps the digest of the paper's file at a stage; the id of its row."""
    if not {"sha256", "size"} <= move.evidence.keys():
        raise _unsigned(move)
    version = _row(move, stage, move.evidence)
    move.record |= {
        "sha256": move.evidence["sha256"],
        "certificate": move.evidence.get("certificate"),
    }
    return version


def tell_listed(move: Move) -> None:
    """Moves every subject the paper lists by the transition that waits for this event; those
    that it keeps from the paper it replaces stay where they are."""
    telling.tell(move, telling.listed(move, without=amending.kept(move)))


def remember_paper(move: Move) -> None:
    """Keeps in the history which paper moved this subject, with its number and date."""
    move.record |= dict(move.evidence)
