"""What an attack is, and the list of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """``make`` gives the altered file. ``reason`` is the code by which the check of a file
    must name it; ``verdict`` what the check comes to, ``offline`` the check without a network
    (of an annex, beside the paper ``of``)."""

    name: str
    reason: str
    story: str
    make: Callable[[], bytes]
    verdict: str
    offline: str
    of: str = ""


ATTACKS: dict[str, Attack] = {}

Make = Callable[[], bytes]


def attack(
    name: str, reason: str, *, verdict: str = "altered", offline: str = "", of: str = ""
) -> Callable[[Make], Make]:
    """Enters a function whose docstring tells the attack."""

    def entered(make: Make) -> Make:
        if name in ATTACKS:
            raise ValueError(f"two attacks named {name}")
        story = " ".join((make.__doc__ or "").split())
        ATTACKS[name] = Attack(name, reason, story, make, verdict, offline or verdict, of)
        return make

    return entered
