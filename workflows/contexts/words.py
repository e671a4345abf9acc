"""The words of papers that are no facts of a case, from the law's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from engine.definition import Definition
from workflows.lawfiles import LAW, table
from workflows.units import Unit


@cache
def words() -> Mapping[str, Any]:
    """The file; not to be changed by the reader."""
    return table(LAW / "papers" / "words.toml")


def told_of(kind: str, districts: bool) -> Mapping[str, Any]:
    """The words of a kind of decision, for a country with districts or without."""
    told: Mapping[str, Any] = words().get(kind, {})
    return told if districts else {**told, **told.get("without_district", {})}


def places(
    authority: Unit, area: Unit | None = None, commune: Unit | None = None, listed: str = ""
) -> dict[str, str]:
    """What the places in the words stand for. A paper over many areas names none of them, but
    what they are called together (``listed``)."""
    told = words()
    called = listed or told["nouns"]["area"]
    heads = told["heads_of"]["area" if called == told["nouns"]["area"] else "others"]
    return {
        "noun": called,
        "heads": heads.format(noun=called),
        "unit": authority.title,
        "form": authority.form,
        "authority": authority_name(authority),
        "area": area.title if area else "",
        "area_form": area.form if area else "",
        "commune": commune.title if commune else "",
        "commune_form": commune.form if commune else "",
    }


def authority_name(unit: Unit) -> str:
    """``Ủy ban nhân dân xã Nga An``."""
    return str(words()["authority"]["name"]).format(unit=unit.title)


def filled(lines: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The lines with the names in their places."""
    return [line.format_map(names) for line in lines]


def grounds(definition: Definition, use: str) -> list[str]:
    """What a paper of that workflow rests on, for one use; what the workflow cites itself where
    the words have nothing."""
    name = grounds_name(definition.id)
    return list(words()["grounds"][name][use] if name else definition.meta.basis)


def grounds_name(definition_id: str) -> str:
    """Under which name the words have the grounds of a workflow: its own, or that of the
    regime its id begins with; blank if none."""
    told: Mapping[str, Any] = words()["grounds"]
    named = [name for name in told if f"{definition_id}-".startswith(f"{name}-")]
    return max(named, key=len, default="")


def noun(units: Sequence[Unit]) -> str:
    """What these units are called together: ``khu dân cư``, or every kind that is among them."""
    told = words()["nouns"]
    return ", ".join(name for kind, name in told.items() if kind in {unit.kind for unit in units})
