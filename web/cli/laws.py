"""Which files of law apply on a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from web.cli.frame import Group, answer, argument, command, leave, option, table
from web.cli.inputs import NUMBER, as_user
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


cycles = Group("cycles")


@command("cycles list", group=cycles, answers=True)
def listing(as_json: bool) -> None:
    from web.cli.office import open_office
    from workflows.opening import listed

    told = [_cycle(one.cycle) | _by(one) for one in listed(open_office().session)]
    answer(told, as_json, lambda: table([[str(v) for v in one.values()] for one in told]))


@command(
    "cycles open",
    argument("year", type=NUMBER, metavar="YEAR"),
    option("--regime", "regime_id", metavar="ID", required=True),
    option("--added", multiple=True, metavar="CRITERIA"),
    option("--kind", "subjects", type=click.Choice(SUBJECTS), multiple=True),
    option("--vote", is_flag=True),
    as_user(required=False),
    group=cycles,
    answers=True,
)
def opening(
    year: int,
    regime_id: str,
    added: tuple[str, ...],
    subjects: tuple[str, ...],
    vote: bool,
    user: str | None,
    as_json: bool,
) -> None:
    from web.cli.office import open_office
    from workflows.opening import opened
    from workflows.wording import say

    office = open_office()
    by = office.actor(user).person_id if user else None
    made = opened(
        office.session, regime_id, year, added=added, kinds=subjects, vote=vote, person_id=by
    )
    for left in made.left_out:
        click.echo(f"{left.field}: {say(left, language())} [{left.code}]", err=True)
    told = [_cycle(one) for one in made.cycles]
    answer(told, as_json, lambda: table([[str(v) for v in one.values()] for one in told]))


def _by(one: Any) -> dict[str, Any]:
    return {"opened_by": one.person or "", "opened_at": one.opened_at or ""}


def _cycle(one: Any) -> dict[str, Any]:
    return {
        "year": one.year,
        "title": one.title,
        "kind": one.kind,
        "definition": one.definition_id,
        "criteria": one.criteria_id,
        "from": one.starts_on.isoformat(),
        "to": one.ends_on.isoformat(),
    }
