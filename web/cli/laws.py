"""Which files of law apply on a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from web.cli.frame import answer, command, leave, option, table
from web.cli.words import language, text

SUBJECTS = ("area", "commune", "school", "agency", "enterprise")


@command(
    "applies",
    option("--on", "law_day", type=click.DateTime(["%Y-%m-%d"]), required=True, metavar="DATE"),
    option("--kind", "subject", type=click.Choice(SUBJECTS), default="area"),
    answers=True,
)
def applies(law_day: datetime, subject: str, as_json: bool) -> None:
    from workflows.regimes import applies as applied

    found = applied(law_day.date(), subject).record()
    told = {name: one.record() if one else None for name, one in found.items()}
    answer(told, as_json, lambda: table([_line(name, one) for name, one in found.items()]))
    leave(found["recognition"] is not None)


def _line(name: str, one: Any) -> list[str]:
    from workflows.wording import names

    if one is None:
        return [text(f"applies_{name}"), "–", text("applies_none")]
    sure = names()["confidence"][one.confidence][language()]
    cited = "; ".join(one.citation)
    return [text(f"applies_{name}"), one.id, f"{one.title[language()]} ({cited}; {sure})"]
