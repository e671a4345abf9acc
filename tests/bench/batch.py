"""The year's batch of a district: 234 certificates and 27 decisions, two visible signatures each.

What is measured of the product is the product: the desk lays out (or fills), signs, believes,
stores and moves each paper in a database that keeps every commit, numbers it, moves what it
lists, and logs it as the worker does. The straightforward way lays out, signs twice with a text
for appearance, and writes a file. Processor time of one process, warm: what else the machine
does meanwhile does not count.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.papers.book import PaperVersion
from tests.bench.district import (
    CERTIFICATES,
    DECISION,
    DECISIONS,
    PIN,
    District,
    made_up,
    spend,
)
from tests.bench.ground import Ground
from tests.bench.measure import Figure
from tests.bench.papers import FOLDER, plain
from tests.bench.straight import Straight
from tests.bench.typeset import Typeset

SHARE = 9
"""The straightforward way takes minutes: it makes one paper in so many, of each kind."""

ONE_CORE, ONE_DECISION = 25.0, 5.0


def figures(ground: Ground) -> Iterator[Figure]:
    """The batch beside the straightforward way, the fastest typesetter, and the floor."""
    share = 78 if ground.tiny else SHARE
    with ground.engine("sqlite") as engine, Session(engine) as session:
        district = District.founded(session, ground.folder / "batch")
        straight = Straight.opened(district.sealed, PIN)
        yield from _batch(district, straight, share, 234 if ground.tiny else 1, ground.folder)
        yield from _one_decision(district, straight, ground.rounds(9))


def _batch(
    district: District, straight: Straight, share: int, part: int, folder: Path
) -> Iterator[Figure]:
    district.whole(district.papers(2, 1))
    ids = district.papers(max(1, CERTIFICATES // part), max(1, DECISIONS // part))
    spent = district.whole(ids)
    ours = sum(each.processor for each in spent.values()) * part
    yield Figure(
        "the year's batch, straightforward",
        _straight(district, straight, share, folder),
        "s",
        "the product",
        ours,
        least=ONE_CORE,
    )
    signing = sum(spent[name].processor for name in ("signed", "issued", "logged")) * part
    yield Figure(
        "the year's batch by typst, signed and logged by the product",
        _typed(Typeset(FOLDER), share) + signing,
        "s",
        "the product",
        ours,
        least=1.0,
    )
    floor = _floor(district, ids, folder) * part
    yield Figure("the year's batch", ours, "s", "two raw signatures, hashing, writing", floor)
    for name, each in spent.items():
        yield Figure(f"a paper of the batch {name}", each.processor * 1000 / len(ids), "ms")
    wall = sum(each.wall for each in spent.values())
    yield Figure("papers a second, processor", len(ids) * part / ours, "")
    yield Figure("papers a second, wall", len(ids) / wall, "")


def _share(share: int) -> list[tuple[str, dict[str, object]]]:
    """A part of a year's papers, each kind in its proportion."""
    kinds = ["certificate"] * (CERTIFICATES // share) + [DECISION] * max(1, DECISIONS // share)
    return [(kind, made_up(kind, number)) for number, kind in enumerate(kinds)]


def _straight(district: District, straight: Straight, share: int, folder: Path) -> float:
    renderer = district.bureau.desk.renderer
    pages = [plain(renderer, kind, values) for kind, values in _share(share)]
    straight.paper(pages[0])
    straight.paper(pages[-1])

    def all_of_them() -> None:
        for number, page in enumerate(pages):
            (folder / f"straight-{number}.pdf").write_bytes(straight.paper(page))

    return spend(all_of_them).processor * (CERTIFICATES + DECISIONS) / len(pages)


def _typed(typeset: Typeset, share: int) -> float:
    papers = _share(share)
    typeset.paper(*papers[0])
    typeset.paper(*papers[-1])

    def all_of_them() -> None:
        for kind, values in papers:
            typeset.paper(kind, values)

    return spend(all_of_them).processor * (CERTIFICATES + DECISIONS) / len(papers)


def _floor(district: District, ids: Sequence[int], folder: Path) -> float:
    """Two raw signatures a paper, hashing every version and writing it."""
    key = rsa.generate_private_key(65537, 2048)
    store, session = district.bureau.store, district.session
    digests = session.scalars(
        select(PaperVersion.sha256).where(PaperVersion.paper_id.in_(ids))
    ).all()
    contents = [store.get(each) for each in digests]

    def all_of_it() -> None:
        for number, content in enumerate(contents):
            told = hashlib.sha256(content).digest()
            (folder / f"floor-{number}").write_bytes(content)
            if number % 3:
                key.sign(told, padding.PKCS1v15(), SHA256())

    return spend(all_of_it).processor


def _one_decision(district: District, straight: Straight, rounds: int) -> Iterator[Figure]:
    page = plain(district.bureau.desk.renderer, DECISION, made_up(DECISION, 1))
    ours, theirs = [], []
    for _ in range(rounds):
        ids = district.papers(0, 1)
        spent = district.whole(ids)
        ours.append(sum(each.processor for name, each in spent.items() if name != "logged"))
        theirs.append(spend(lambda: straight.paper(page)).processor)
    middle = rounds // 2
    yield Figure(
        "one decision, straightforward",
        sorted(theirs)[middle] * 1000,
        "ms",
        "the product, PIN and certificate included",
        sorted(ours)[middle] * 1000,
        least=ONE_DECISION,
    )
