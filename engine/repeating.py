"""The same key twice: whoever sends a wish again gets the first answer, and no second move.

Only the same wish does: another move, subject, person or content under a used key is told so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from engine import fields, handover, ledger
from engine.errors import Conflict, Refusal
from engine.history import canonical, told_in
from engine.house import House
from engine.move import Command, Handover, Opening, read_key
from engine.rebinding import Rebinding

Wish = Command | Opening | Rebinding


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a command led. ``again`` tells that the same key had been performed before."""

    subject_id: int
    state: str
    version: int
    again: bool = False


def repeated(session: Session, house: House, command: Wish | Handover) -> Outcome | None:
    """The answer the same key got before, if it was performed already; raises ``Conflict``
    (``key_used_elsewhere``) when it was for another move or with other content, ``Refused``
    (``key_unfit``) when it can be none."""
    key = read_key(command.key)
    event = ledger.keyed(session, key) if key else None
    if event is None:
        return None
    if not (
        _same_move(command, event)
        and _same_subject(session, command, event)
        and _same_content(house, command, event)
    ):
        raise Conflict(Refusal("key_used_elsewhere", {"key": command.key}))
    return Outcome(event.subject_id, event.to_state, event.version, again=True)


def _same_move(command: Wish | Handover, event: Any) -> bool:
    if isinstance(command, Handover):
        return event.person_id is None and event.action == handover.name_of(command)
    return bool(event.action == command.action and event.person_id == command.person_id)


def _same_subject(session: Session, command: Wish | Handover, event: Any) -> bool:
    if not isinstance(command, Opening):
        return bool(event.subject_id == command.subject_id)
    return bool(
        event.definition_id == command.definition_id
        and ledger.scopes_of(session, event.subject_id) == dict(command.scopes)
    )


def _same_content(house: House, command: Wish | Handover, event: Any) -> bool:
    if isinstance(command, Handover):
        return bool(event.data["to"] == dict(command.scopes))
    if isinstance(command, Rebinding):
        return bool(event.data["to"] == command.digest)
    # What a signing establishes is new each time; what an opening is about is not.
    established = command.evidence if isinstance(command, Opening) else {}
    about = {name: event.data[name] for name in established if name in event.data}
    same = all(canonical(about[name]) == canonical(established[name]) for name in about)
    return same and _same_inputs(house, command.data, event)


def _same_inputs(house: House, raw: Mapping[str, Any], event: Any) -> bool:
    """Whether the inputs, read as they were then, are those that were kept."""
    definition = house.definition(event.definition_digest)
    asked = definition.fields_of(definition.transition(event.action))
    kept = told_in(event.data)
    rows = {one.rows: list(kept.get(one.id) or ()) for one in asked if one.type == "table"}
    values, refusals = fields.clean(
        asked, raw, columns=definition.by_field, rows=lambda name: rows.get(name, [])
    )
    told = {name: kept.get(name) for name in values}
    return not refusals and canonical(values) == canonical(told)
