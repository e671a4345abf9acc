"""A state or a transition added to the text of a definition, and one so added taken out again.

What is added has the known offices, conditions and inputs only; whether the whole is still
sound is the check's to say, as after any other change.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from engine.binding import Binding
from engine.definition import Definition, role_of
from engine.errors import NotFound, Refusal, Refused
from workflows.definitions import editing
from workflows.definitions.editing import Change
from workflows.names import fold

Added = Literal["states", "transitions"]
LONGEST_ID = 40


@dataclass(frozen=True, slots=True)
class Addition:
    """What a form says of a part that is not there yet. A state stands after the state
    ``after`` and waits on the offices of ``told.by``; a transition leads from ``sources`` to
    ``target``."""

    told: Change
    after: str = ""
    sources: tuple[str, ...] = ()
    target: str = ""


def add(text: str, part: Added, new: Addition, binding: Binding, definition: Definition) -> str:
    """The text with the part in it.

    Raises ``NotFound`` (``draft_not_here``) where the text has no such list, and ``Refused``
    with every reason: an empty label, a state, an office, a condition or an input that there
    is not.
    """
    document, items = _list(text, part)
    refusals = [
        *editing.against("transitions", new.told, binding, definition),
        *_places(part, new, definition),
    ]
    if refusals:
        raise Refused(*refusals)
    item = tomlkit.table()
    item["id"] = _id(new.told.en, {*definition.by_state, *definition.by_transition})
    label = tomlkit.inline_table()
    label.update({"vi": new.told.vi.strip(), "en": new.told.en.strip()})
    item["label"] = label
    if part == "states":
        _state(item, new, definition)
        place = [one.id for one in definition.states].index(new.after) + 1
        items.insert(place, item)
    else:
        _transition(item, new, definition)
        items.append(item)
    return tomlkit.dumps(document)


def remove(text: str, part: Added, id_: str, base: Definition) -> str:
    """The text without a part that the draft itself added; its moves go with a state.

    Raises ``NotFound`` (``draft_not_here``), ``Refused`` (``part_of_base``) for what was there
    before.
    """
    if id_ in (base.by_state if part == "states" else base.by_transition):
        raise Refused(Refusal("part_of_base"))
    document, items = _list(text, part)
    if not any(one.get("id") == id_ for one in items):
        raise NotFound(Refusal("draft_not_here"))
    _drop(items, {id_})
    if part == "states":
        moves = document["transitions"]
        bound = [one for one in moves if id_ in (*one.get("from", []), one.get("to"))]
        _drop(moves, {one["id"] for one in bound} - set(base.by_transition))
    return tomlkit.dumps(document)


def _drop(items: Any, ids: Collection[str]) -> None:
    for place in reversed(range(len(items))):
        if items[place].get("id") in ids:
            del items[place]


def _list(text: str, part: Added) -> tuple[tomlkit.TOMLDocument, AoT]:
    try:
        document = tomlkit.parse(text)
    except (TOMLKitError, RecursionError):
        raise NotFound(Refusal("draft_not_here")) from None
    items = document.get(part)
    if not isinstance(items, AoT):
        raise NotFound(Refusal("draft_not_here"))
    return document, items


def _places(part: Added, new: Addition, definition: Definition) -> Iterator[Refusal]:
    wanted = {"after": (new.after,)} if part == "states" else _ends(new)
    for field, names in wanted.items():
        if not names or any(name not in definition.by_state for name in names):
            yield Refusal("required", field=field)


def _ends(new: Addition) -> dict[str, Sequence[str]]:
    return {"sources": new.sources, "target": (new.target,)}


def _id(label: str, taken: Collection[str]) -> str:
    """An id made from the English label, told apart from those there are."""
    plain = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:LONGEST_ID].strip("_")
    plain = plain if plain[:1].isalpha() else f"step_{plain}".rstrip("_")
    found, count = plain, 1
    while found in taken:
        count += 1
        found = f"{plain}_{count}"
    return found


def _state(item: Any, new: Addition, definition: Definition) -> None:
    if phase := definition.by_state[new.after].phase:
        item["phase"] = phase
    if new.told.by:
        item["waiting_on"] = list(new.told.by)
    if new.told.measure:
        due = tomlkit.inline_table()
        due[new.told.measure] = int(new.told.days)
        item["due"] = due


def _transition(item: Any, new: Addition, definition: Definition) -> None:
    roles = {role_of(rule) for rule in new.told.by}
    held = {
        move.duty
        for move in definition.transitions
        if move.duty and roles & set(map(role_of, move.by))
    }
    if len(held) == 1:  # whoever checks does all they do as checkers
        item["duty"] = held.pop()
    item["from"] = list(new.sources)
    item["to"] = new.target
    for name in ("by", "guards", "fields"):
        if wanted := list(getattr(new.told, name)):
            item[name] = wanted
    if clause := new.told.clause.strip()[: editing.LIMIT]:
        item["clause"] = clause
