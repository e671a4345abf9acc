"""The words of papers that are no facts of a case, from the law's file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from workflows.lawfiles import LAW, table
from workflows.units import Unit


@cache
def words() -> Mapping[str, Any]:
    """The file; not to be changed by the reader."""
    return table(LAW / "papers" / "words.toml")


def places(
    authority: Unit, area: Unit | None = None, commune: Unit | None = None
) -> dict[str, str]:
    """What the places in the words stand for. A paper over many areas names none of them."""
    return {
        "unit": authority.title,
        "form": authority.form,
        "authority": authority_name(authority),
        "area": area.name if area else "",
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


def grounds(definition_id: str, use: str) -> list[str]:
    """What a paper of that workflow rests on, for one use."""
    return list(words()["grounds"][definition_id][use])
