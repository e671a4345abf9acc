"""What an act will lead to, in lines that several commands print."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from web.cli.words import language, text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.house import House


def unreached_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Later results that stand higher than the years then left grant, a line for each."""
    from workflows.wording import level_name

    for one in told["unreached"]:
        names = {at: level_name(one[at], language()) for at in ("level", "level_after")}
        yield text("will_not_reach", **(one | names))


def late(session: Session, house: House, papers: Collection[int]) -> list[dict[str, Any]]:
    """What these papers would decide later than the law has it, if they were issued today."""
    from engine import clock
    from workflows import lateness

    found = lateness.ahead(session, house, papers, clock.today())
    return [
        {"id": id_, "year": one.year, "last": one.last.isoformat(), "clause": one.clause}
        for id_, every in found.items()
        for one in every
    ]


def late_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The last days that are over, a line for each."""
    from workflows.hints import Hint
    from workflows.wording import tell

    for one in told.get("late", ()):
        said = tell(Hint("late_decision", {"year": one["year"], "last": one["last"]}), language())
        yield f"{one['id']}: {said} ({one['clause']})"
