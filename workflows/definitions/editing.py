"""The common changes of a definition, made in its text: what was written around them, comments
too, stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tomlkit
from tomlkit.exceptions import TOMLKitError

from engine import texts
from engine.binding import Binding
from engine.definition import SYSTEM, Definition
from engine.errors import NotFound, Refusal, Refused

Part = Literal["states", "transitions", "fields"]
PARTS: tuple[Part, ...] = ("states", "transitions", "fields")
LIMIT = 500


@dataclass(frozen=True, slots=True)
class Change:
    """What a form says of one state, transition or field: only what such a part has counts.

    ``days`` is empty for no deadline. ``by`` and ``guards`` are the whole new lists.
    """

    vi: str
    en: str
    measure: Literal["days", "working_days", ""] = ""
    days: str = ""
    by: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    clause: str = ""
    required: bool = True


def offices(binding: Binding, definition: Definition) -> Sequence[str]:
    """Every ``role@scope`` that may stand in ``by``: what people can hold, and the system."""
    papers = definition.meta.subject == "paper"
    held = [
        f"{role}@{scope}"
        for role, scopes in binding.roles.items()
        for scope in sorted(scopes)
        if (scope == "authority") == papers
    ]
    return [*held, SYSTEM]


def change(
    text: str, part: Part, id_: str, told: Change, *, binding: Binding, definition: Definition
) -> str:
    """The text with the change in it.

    Raises ``NotFound`` (``draft_not_here``) and ``Refused`` with every reason: an empty label,
    a deadline that is no number, an office, a guard or a field that there is not.
    """
    try:
        document = tomlkit.parse(text)
        before = tomlkit.dumps(document)
        item = next(one for one in document.get(part, []) if one.get("id") == id_)
    except (TOMLKitError, StopIteration, RecursionError):
        raise NotFound(Refusal("draft_not_here")) from None
    if refusals := against(part, told, binding, definition):
        raise Refused(*refusals)
    _label(item, told)
    {"states": _state, "transitions": _transition, "fields": _field}[part](item, told)
    after = tomlkit.dumps(document)
    return text if after == before else after


def restore(text: str, part: Part, id_: str, before: str) -> str:
    """The text with one part as it was in the text ``before`` the draft changed it.

    Raises ``NotFound`` (``draft_not_here``) where either has no such part.
    """
    try:
        document, old = tomlkit.parse(text), tomlkit.parse(before)
        items = document[part]
        place = [one["id"] for one in items].index(id_)
        item = next(one for one in old[part] if one["id"] == id_)
    except (TOMLKitError, ValueError, KeyError, StopIteration, RecursionError):
        raise NotFound(Refusal("draft_not_here")) from None
    del items[place]
    items.insert(place, item)
    return tomlkit.dumps(document)


def against(
    part: Part, told: Change, binding: Binding, definition: Definition
) -> Sequence[Refusal]:
    """Every reason why a part cannot be as a form says."""
    return [*_labels(told), *_unknown(part, told, binding, definition)]


def _labels(told: Change) -> Sequence[Refusal]:
    given = {"vi": told.vi, "en": told.en}
    faults: list[Refusal] = []
    for name in given:
        texts.told(given, name, faults, longest=LIMIT)
    return [*faults, *_days(told)]


def _days(told: Change) -> Sequence[Refusal]:
    if told.measure and not (told.days.isascii() and told.days.isdigit() and int(told.days) > 0):
        return [Refusal("not_a_count", field="days")]
    return ()


def _unknown(
    part: Part, told: Change, binding: Binding, definition: Definition
) -> Sequence[Refusal]:
    if part != "transitions":
        return ()
    known = offices(binding, definition)
    wrong = [Refusal("no_such_office", {"name": n}, field="by") for n in told.by if n not in known]
    if not told.by:
        wrong.append(Refusal("required", field="by"))
    wrong += [
        Refusal("no_such_guard", {"name": name}, field="guards")
        for name in told.guards
        if name not in binding.guards
    ]
    wrong += [
        Refusal("unknown_field", {"name": name}, field="fields")
        for name in told.fields
        if name not in definition.by_field
    ]
    return wrong


def _label(item: Any, told: Change) -> None:
    item["label"]["vi"] = texts.visible(told.vi).strip()
    item["label"]["en"] = texts.visible(told.en).strip()


def _state(item: Any, told: Change) -> None:
    """The deadline: its number, its measure, or that there is none; ``by`` and ``then`` stay."""
    if not told.measure:
        item.pop("due", None)
        return
    before = dict(item.get("due", {}))
    due = tomlkit.inline_table()
    due[told.measure] = int(told.days)
    due.update({name: before[name] for name in ("by", "then") if name in before})
    if before != dict(due):
        item["due"] = due


def _transition(item: Any, told: Change) -> None:
    lists = {"by": told.by, "guards": told.guards, "fields": told.fields}
    for name, wanted in lists.items():
        _list(item, name, wanted)
    _text(item, "clause", told.clause)


def _field(item: Any, told: Change) -> None:
    if told.required:
        item.pop("required", None)
        item.pop("needed", None)
    else:
        item["required"] = False


def _list(item: Any, name: str, wanted: Sequence[str]) -> None:
    """The entries that stay keep their order; new ones follow."""
    before = list(item.get(name, ()))
    after = [one for one in before if one in wanted]
    after += [one for one in wanted if one not in before]
    if after == before:
        return
    if after:
        item[name] = after
    else:
        item.pop(name, None)


def _text(item: Any, name: str, wanted: str) -> None:
    if wanted.strip():
        if item.get(name) != wanted.strip():
            item[name] = wanted.strip()[:LIMIT]
    else:
        item.pop(name, None)


def told_of(definition: Definition, part: Part, id_: str) -> Change:
    """What the form shows of a part as it is; raises ``NotFound`` (``draft_not_here``)."""
    groups: Mapping[str, Mapping[str, Any]] = {
        "states": definition.by_state,
        "transitions": definition.by_transition,
        "fields": definition.by_field,
    }
    found = groups[part].get(id_)
    if found is None:
        raise NotFound(Refusal("draft_not_here"))
    label = {"vi": found.label.vi, "en": found.label.en}
    if part == "states":
        due = found.due
        if due is None:
            return Change(**label)
        days = due.working_days if due.days is None else due.days
        return Change(
            **label, measure="working_days" if due.days is None else "days", days=str(days)
        )
    if part == "fields":
        return Change(**label, required=found.required)
    return Change(
        **label,
        by=found.by,
        guards=found.guards,
        fields=found.fields,
        clause=found.clause or "",
    )
