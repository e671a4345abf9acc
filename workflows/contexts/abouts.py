"""What a paper is called and what it is about (trích yếu), as other papers name it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.contexts.words import words
from workflows.names import unstopped

NAMED = ("standard", "year", "area", "commune", "unit", "noun", "act")
"""Values that the wording of what a paper is about may name."""


def type_of(kind: str) -> str:
    """``Quyết định``, ``Thông báo``, ``Giấy công nhận``, ``Công văn``."""
    return str(words()["about"][kind]["type"])


def about(kind: str, values: Mapping[str, Any]) -> str:
    """``công nhận khu dân cư đạt tiêu chuẩn … năm 2026``, as it stands in a sentence."""
    told = words()["about"][kind]
    streak = values.get("streak") or 0
    places = {name: values.get(name, "") for name in NAMED} | {"streak": f"{streak:02d}"}
    # Of papers that named none.
    places["noun"] = places["noun"] or words()["nouns"]["area"]
    places["act"] = places["act"] or words()["refusal_notice"]["recognising"]
    if target := values.get("target"):
        places |= {"of": target["type"], "number": target["number"], "day": short(target["date"])}
    form = told["running"] if streak > 1 and "running" in told else told["text"]
    return unstopped(str(form).format_map(places))


def short(day: str) -> str:
    """``05/11/2026`` of an ISO date; nothing of nothing."""
    return "/".join(reversed(day.split("-"))) if day else ""
