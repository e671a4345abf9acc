"""The papers that act on an earlier one: the letter that corrects, the decision that revokes.

A replacement is a paper of the earlier one's own kind; it only names that one besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.binding import ContextFunction
from engine.move import Move
from engine.papers.amending import amendment
from engine.papers.book import Paper
from workflows import cases
from workflows.contexts import pieces
from workflows.contexts.abouts import about, type_of
from workflows.contexts.words import filled, places, words
from workflows.names import unstopped
from workflows.units import Unit

NOTHING = {"type": "", "number": "", "date": "", "authority": ""}


def replaced(move: Move) -> pieces.Values:
    """The paper that this one takes the place of; blanks where it takes nobody's."""
    found = amendment(move)
    if found is None or found.act != "replacement":
        return dict(NOTHING)
    target = _target(move)
    return {name: target[name] for name in NOTHING}


def _earlier(move: Move) -> Paper:
    found = amendment(move)
    if found is None:
        raise LookupError("this paper acts on no other")
    return move.session.get_one(Paper, found.of)


def _target(move: Move) -> pieces.Values:
    """The earlier paper as a later one names it."""
    earlier = _earlier(move)
    return {
        "type": type_of(earlier.kind),
        "number": earlier.number_text or "",
        "date": pieces.iso(earlier.issued_on),
        "about": about(earlier.kind, earlier.values),
        "authority": _decider(earlier.values["authority"]),
    }


def _decider(authority: Mapping[str, Any]) -> str:
    """Who the paper says decided: the head, or the body."""
    head = f"{authority['head_title']} " if authority["form"] == "head" else ""
    return f"{head}{authority['name']}"


def _head(move: Move, office: Unit) -> pieces.Values:
    earlier = _earlier(move)
    return {
        **pieces.head(move, earlier.values["year"]),
        "standard": earlier.values["standard"],
        "authority": pieces.authority(office),
        "symbol": move.house.kinds[move.evidence["kind"]].symbol,
        "signatory": pieces.signatory(move, office),
        "target": _target(move),
    }


def correction_notice(move: Move) -> pieces.Values:
    """Công văn đính chính."""
    office = cases.unit(move, move.scopes["authority"])
    told, names = words()["correction_notice"], places(office)
    rows = [cells for cells in move.data["errata"].values() if cells["printed"]]
    return {
        **_head(move, office),
        "addressees": _addressees(move, filled(told["addressees"], names)),
        # What is quoted is quoted to the letter: it may be a stop that was wrong.
        "errata": [cells | {"place": unstopped(cells["place"])} for cells in rows],
        "recipients": filled(told["recipients"], names),
    }


def _addressees(move: Move, others: list[str]) -> list[str]:
    """Those to whom the earlier paper went, as far as they are named there; else as usual."""
    sent = _earlier(move).values.get("recipients", [])
    named = [one for one in sent if not one.startswith(("Như", "Lưu"))]
    return [one.removesuffix(" (b/c)") for one in named] or others


def revocation_decision(move: Move) -> pieces.Values:
    """Quyết định thu hồi."""
    office = cases.unit(move, move.scopes["authority"])
    told, names = words()["revocation_decision"], places(office)
    return {
        **_head(move, office),
        "grounds": list(told["grounds"]),
        "proposal": words()["appraisers"][office.kind]["proposal"].format_map(names),
        "reason": unstopped(move.data["reason"]),
        "effect_on": move.data["effect_on"] or "",
        "executors": filled(told["executors"], names),
        "recipients": filled(told["recipients"], names),
    }


CONTEXTS: Mapping[str, ContextFunction] = {
    "correction_notice": correction_notice,
    "revocation_decision": revocation_decision,
}
