"""The year's batch of a district: 234 certificates and 27 decisions, two visible signatures each.

Of the product: laid out or filled, archival, tagged, with fields; signed by the leader; number,
date and seal written and sealed; each signature judged before it is believed; every version
flushed into the store; logged with a signed head, as the worker does. What the desk does besides
(permissions, moves, history, registers) is a figure of its own. The straightforward way lays
out, signs twice with a text for appearance, and writes a file. Processor time of one process,
warm: what else the machine does meanwhile does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.orm import Session

from tests.bench import hands
from tests.bench.district import (
    CERTIFICATES,
    DECISION,
    DECISIONS,
    PIN,
    District,
    Spent,
    made_up,
    spend,
)
from tests.bench.ground import Ground
from tests.bench.measure import Figure
from tests.bench.papers import FOLDER, plain
from tests.bench.press import Press
from tests.bench.straight import Straight
from tests.bench.typeset import Typeset

SHARE = 9
"""The straightforward way takes minutes: it makes one paper in so many, of each kind."""

ONE_CORE, ONE_DECISION, TWO_CORES = 25.0, 5.0, 1.7
MEMORY, GROWTH = 300.0, 1.15
MANY = (1_900, 100)
WARM = 100
"""Papers until a process holds all that it keeps: shapes, fonts, parsed styles."""

_RAW = rsa.generate_private_key(65537, 2048)


def figures(ground: Ground) -> Iterator[Figure]:
    """The batch beside the straightforward way, the fastest typesetter, and the floor."""
    with ground.engine("sqlite") as engine, Session(engine) as session:
        district = District.founded(session, ground.folder / "batch")
        straight = Straight.opened(district.sealed, PIN)
        press = Press.found(ground.folder / "batch")
        yield from _batch(district, press, straight, 234 if ground.tiny else SHARE)
        yield from _one_decision(press, straight, ground.rounds(9))
    yield from _processes(ground.folder / "batch", ground.tiny)


def _batch(district: District, press: Press, straight: Straight, share: int) -> Iterator[Figure]:
    """Ours is made whole, but for a trial; the straightforward way makes its share."""
    papers = _share(share if share > SHARE else 1)
    press.whole([(kind, made_up(kind, 1000)) for kind in ("certificate", DECISION)])
    parts = len(papers) / (CERTIFICATES + DECISIONS)
    stages: list[list[bytes]] = []
    spent = {
        "laid out": spend(lambda: stages.append(press.lay_out(papers))),
        "signed": spend(lambda: stages.append(press.sign(stages[-1]))),
        "numbered and sealed": spend(lambda: stages.append(press.issue(stages[-1]))),
    }
    desk = _at_the_desk(district, share)
    spent["logged"] = desk["logged"]
    ours = sum(each.processor for each in spent.values()) / parts
    yield Figure(
        "the year's batch, straightforward",
        _straight(press, straight, share, press.store.folder),
        "s",
        "the product: laid out, signed twice, believed, stored, logged",
        ours,
        least=ONE_CORE,
    )
    typed = _typed(Typeset(FOLDER), press, share) + ours - spent["laid out"].processor / parts
    yield Figure(
        "the year's batch by typst, the rest by the product",
        typed,
        "s",
        "the product",
        ours,
        least=1.0,
    )
    floor = spend(lambda: _floor(stages, press.store.folder)).processor / parts
    yield Figure("the year's batch", ours, "s", "two raw signatures, hashing, writing", floor)
    yield Figure("papers a second", (CERTIFICATES + DECISIONS) / ours, "")
    for name, each in spent.items():
        yield Figure(f"a paper of the batch, {name}", each.processor * 1000 / len(papers), "ms")
    moves = sum(each.processor for each in desk.values()) * 1000 / len(papers)
    yield Figure("a paper of the batch at the desk, with all moves", moves, "ms")


def _at_the_desk(district: District, share: int) -> dict[str, Spent]:
    """The same through permissions, history, registers and what each paper moves."""
    district.whole(district.papers(1, 1))
    whole = share == SHARE
    ids = district.papers(CERTIFICATES, DECISIONS) if whole else district.papers(3, 1)
    return district.whole(ids)


def _share(share: int) -> list[tuple[str, dict[str, Any]]]:
    """A part of a year's papers, each kind in its proportion."""
    kinds = ["certificate"] * (CERTIFICATES // share) + [DECISION] * max(1, DECISIONS // share)
    return [(kind, made_up(kind, number)) for number, kind in enumerate(kinds)]


def _straight(press: Press, straight: Straight, share: int, folder: Path) -> float:
    pages = [plain(press.renderer, kind, values) for kind, values in _share(share)]
    if share == SHARE:  # a trial measures nothing, warm or cold
        straight.paper(pages[0])
        straight.paper(pages[-1])

    def all_of_them() -> None:
        for number, page in enumerate(pages):
            (folder / f"straight-{number}.pdf").write_bytes(straight.paper(page))

    return spend(all_of_them).processor * (CERTIFICATES + DECISIONS) / len(pages)


def _typed(typeset: Typeset, press: Press, share: int) -> float:
    """Its first bytes are kept as ours are: the rest of the way begins with a stored file."""
    papers = _share(share)
    typeset.paper(*papers[0])
    typeset.paper(*papers[-1])

    def all_of_them() -> None:
        for kind, values in papers:
            press.kept(typeset.paper(kind, values))

    return spend(all_of_them).processor * (CERTIFICATES + DECISIONS) / len(papers)


def _floor(stages: Sequence[Sequence[bytes]], folder: Path) -> None:
    """Two raw signatures a paper, hashing every version and writing it."""
    for stage, contents in enumerate(stages):
        for number, content in enumerate(contents):
            told = hashlib.sha256(content).digest()
            (folder / f"floor-{stage}-{number}").write_bytes(content)
            if stage:
                _RAW.sign(told, padding.PKCS1v15(), SHA256())


def _processes(folder: Path, tiny: bool) -> Iterator[Figure]:
    """Two cores, by the wall: of little worth while others use the machine. And many papers,
    in one process."""
    half = (CERTIFICATES // 2, DECISIONS // 2)
    if tiny:
        one = two = many = hands.together(folder, 1, [(3000, 1, 1)])
    else:
        one = hands.together(folder, WARM, [(3000, 2 * half[0], 2 * half[1])])
        two = hands.together(folder, WARM, [(4000, *half), (5000, *half)])
        many = hands.together(folder, WARM, [(6000, *MANY)])
    longest = max(each["wall"] for each in two)
    yield Figure(
        "the year's batch on one core, wall", one[0]["wall"], "s", "two", longest, least=TWO_CORES
    )
    after, before = many[0]["after"], many[0]["before"]
    yield Figure(f"a process after {sum(MANY)} papers", after, "MB", limit=MEMORY)
    yield Figure("the same", after, "MB", "before them", before, limit=GROWTH)


def _one_decision(press: Press, straight: Straight, rounds: int) -> Iterator[Figure]:
    """Keys held, as the straightforward way holds them; each time another commune's."""
    numbers = count(2000)
    theirs, ours = [], []
    for _ in range(rounds):
        values = made_up(DECISION, next(numbers))
        page = plain(press.renderer, DECISION, values)
        theirs.append(spend(partial(straight.paper, page)).processor * 1000)
        ours.append(spend(partial(press.whole, [(DECISION, values)])).processor * 1000)
    yield Figure(
        "one decision, straightforward",
        median(theirs),
        "ms",
        "the product",
        median(ours),
        least=ONE_DECISION,
    )
