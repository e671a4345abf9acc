"""A district in the middle of its year: people with keys, and papers that wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.db import writing
from engine.log.note import Signer as LogSigner
from engine.papers.book import Paper
from engine.papers.freeze import digest
from engine.signing.authority import Authority
from engine.subjects import Link
from tests.bench import world
from tests.bench.files import REGIME, File, open_subjects
from tests.bench.papers import sample
from workflows.bureau import Bureau, build
from workflows.keys import ROOTS, Keyring, authority_reference, person_reference
from workflows.nominations import Nomination
from workflows.sitting import Sitting

PIN = "246810"
CERTIFICATES, DECISIONS = 234, 27
DECISION = "commune_decision"
KEY_FILES = ("leader.p12", "agency.p12")


@dataclass
class Spent:
    """Seconds of the processor and of the wall."""

    processor: float
    wall: float


def spend(act: Callable[[], object]) -> Spent:
    processor, wall = time.process_time(), time.perf_counter()
    act()
    return Spent(time.process_time() - processor, time.perf_counter() - wall)


@dataclass
class District:
    """An office with its people's keys, and papers waiting to be laid out and signed."""

    session: Session
    bureau: Bureau
    made: world.World
    sealed: tuple[bytes, bytes]
    numbers: Iterator[int]

    @classmethod
    def founded(cls, session: Session, folder: Path) -> District:
        keys = Keyring(folder / "keys")
        keys.folder.mkdir(parents=True)
        bureau = build(blob_folder=folder / "blobs", keys_folder=keys.folder, specimen=True)
        made = world.build(session, bureau.house, CERTIFICATES, files=False)
        authority = Authority.create(mark="MẪU", name="Đo", since=world.SINCE, years=30)
        (keys.folder / ROOTS).write_bytes(authority.roots_pem())
        keys.keep_log_key(LogSigner.create("binhxet.example/bench"))
        told: dict[str, Any] = {"since": world.SINCE, "years": 30, "algorithm": "rsa"}
        person = authority.person(
            reference=person_reference(made.people["district_chair"]),
            name="Trần Thị Thí Dụ",
            title="Phó Chủ tịch",
            organisation="Ủy ban nhân dân huyện Nga Sơn",
            **told,
        )
        seal = authority.agency(
            reference=authority_reference(made.districts[0]),
            name="Ủy ban nhân dân huyện Nga Sơn",
            **told,
        )
        sealed = (person.sealed(PIN), seal.sealed(PIN))
        references = (
            person_reference(made.people["district_chair"]),
            authority_reference(made.districts[0]),
        )
        for reference, one in zip(references, sealed, strict=True):
            keys.path(reference).write_bytes(one)
        for name, one in zip(KEY_FILES, sealed, strict=True):
            (keys.folder / name).write_bytes(one)
        return cls(session, bureau, made, sealed, count())

    def papers(self, certificates: int, decisions: int) -> list[int]:
        """Opens so many papers that wait to be signed."""
        with clock.fixed_at(world.NOW), writing(self.session):
            certified = self._nominations(certificates, "district_decided")
            recognised = self._nominations(decisions, "in_commune_decision")
            return [
                *self._opened("certificate", certificates, certified),
                *self._opened(DECISION, decisions, recognised),
            ]

    def _nominations(self, number: int, state: str) -> Sequence[int]:
        if not number:
            return []
        regime, connection = self.bureau.house.named(REGIME), self.session.connection()
        places = list(islice(cycle(self._places()), number))
        ids = open_subjects(connection, [File(regime, state, place, world.NOW) for place in places])
        rows = [
            {
                "id": i,
                "area_id": place["area"],
                "year": 2000 + next(self.numbers),
                "title": "security",
            }
            for i, place in zip(ids, places, strict=True)
        ]
        connection.execute(insert(Nomination), rows)
        return ids

    def _places(self) -> Iterator[dict[str, int]]:
        for commune, areas in self.made.areas.items():
            above = {"district": self.made.communes[commune], "province": self.made.province}
            for area in areas:
                yield {"area": area, "commune": commune, **above}

    def _opened(self, kind: str, number: int, listed: Sequence[int]) -> list[int]:
        house, connection = self.bureau.house, self.session.connection()
        definition = house.named(house.kinds[kind].definition)
        state = "drafted" if kind == "certificate" else "format_approved"
        signatory = {"signatory": {"person": self.made.people["district_chair"]}}
        scopes = {"authority": self.made.districts[0]}
        file = File(definition, state, scopes, world.NOW, "draft", signatory)
        ids = open_subjects(connection, [file] * number) if number else []
        for i in ids:
            values = made_up(kind, next(self.numbers))
            connection.execute(
                insert(Paper).values(
                    id=i,
                    kind=kind,
                    authority_id=scopes["authority"],
                    code=clock.new_code(),
                    values=values,
                    values_digest=digest(values),
                    template_digest=house.template_digest(kind),
                    drafted_at=world.NOW,
                )
            )
        links = [
            {"paper_id": i, "subject_id": subject, "position": 1}
            for i, subject in zip(ids, listed, strict=False)
        ]
        if links:
            connection.execute(insert(Link), links)
        return ids

    def render(self, ids: Sequence[int]) -> None:
        for i in ids:
            self.bureau.desk.render(self.session, i)

    def sign(self, ids: Sequence[int]) -> None:
        with self._sitting("district_chair") as ceremony:
            for i in ids:
                ceremony.sign(i)

    def issue(self, ids: Sequence[int]) -> None:
        with self._sitting("district_clerk") as ceremony:
            for i in ids:
                ceremony.issue(i)

    def log(self) -> None:
        """As the worker does."""
        outbox.deliver_all(self.session, self.bureau.desk.handlers)
        if outbox.failures(self.session):
            raise RuntimeError("a paper of the benchmark could not be logged")

    def _sitting(self, who: str) -> Sitting:
        return Sitting(self.bureau.desk, self.session, self.made.people[who], PIN)

    def whole(self, ids: Sequence[int]) -> dict[str, Spent]:
        """All of it, by its parts."""
        with clock.fixed_at(world.NOW):
            return {
                "laid out": spend(lambda: self.render(ids)),
                "signed": spend(lambda: self.sign(ids)),
                "issued": spend(lambda: self.issue(ids)),
                "logged": spend(self.log),
            }

    def issued(self, ids: Sequence[int]) -> list[bytes]:
        return [self.bureau.desk.export(self.session, i)[0] for i in ids]


def made_up(kind: str, number: int) -> dict[str, Any]:
    """The values of a paper like those of a year: names and counts differ."""
    values = deepcopy(sample(kind))
    if kind == "certificate":
        values |= {"area": f"Thôn {number}", "commune": f"xã Nga Mẫu {number % 27}"}
        values["decision"]["number"] = f"{number % 90 + 10}/QĐ-UBND"
        return values
    name = f"Nga Mẫu {number}"
    values["authority"] |= {"name": f"Ủy ban nhân dân xã {name}", "place": name}
    values["commune"] = f"xã {name}"
    values["areas"] = [
        {**values["areas"][0], "position": n, "name": f"Thôn {n}", "households": 170 + number + n}
        for n in range(1, 9 + (number % 3 > 0))
    ]
    return values
