"""What an act will lead to, in lines that several commands print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from web.cli.words import language, text


def unreached_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Later results that stand higher than the years then left grant, a line for each."""
    from workflows.wording import level_name

    for one in told["unreached"]:
        names = {at: level_name(one[at], language()) for at in ("level", "level_after")}
        yield text("will_not_reach", **(one | names))
