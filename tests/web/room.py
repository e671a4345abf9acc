"""A live site on loopback whose officials hold their keys on tokens, and papers ready for them."""

from __future__ import annotations

import contextvars
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from engine.papers.book import PaperVersion
from engine.registers import Entry
from engine.signing.authority import Algorithm, Authority, Issued
from engine.signing.pkcs11 import Place
from engine.subjects import Subject
from tests import programs
from tests.databases import opened
from tests.engine.signing.tokens import PIN, Tokens
from tests.serving import serving
from tests.web import world
from tests.web.conftest import make_site
from tests.workflows.staging import Stage, stage
from web.extensions import bureau, db
from workflows import ceremonies, convening
from workflows.bureau import Bureau
from workflows.ceremonies import Held
from workflows.keys import ROOTS, authority_reference, person_reference
from workflows.people import Account, hash_password
from workflows.queries import ceremonies as queries

SINCE, YEARS = date(2020, 1, 1), 40
WHO = ("chair", "clerk", "police", "district_chair", "district_clerk")


@dataclass
class Room:
    """The site, the stage behind it, and the tokens plugged in beside it."""

    app: Flask
    stage: Stage
    tokens: Tokens
    authority: Authority
    papers: Sequence[int]
    url: str = ""
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def paper(self) -> int:
        return self.papers[0]

    @property
    def version(self) -> int:
        """Of the first paper, as it is now."""
        query = select(Subject.version).where(Subject.id == self.paper)
        return self.stage.session.scalars(query).one()

    @property
    def session(self) -> Session:
        self.stage.session.rollback()
        return self.stage.session

    @property
    def bureau(self) -> Bureau:
        with self.app.app_context():
            return bureau()

    # ------------------------------------------------------------------ keys

    def person(self, who: str, **changed: Any) -> Issued:
        """A key of an official, with a certificate that names the official."""
        told = {
            "reference": person_reference(self.stage.people[who]),
            "name": who,
            "title": "Chủ tịch",
            "organisation": "UBND",
            "since": SINCE,
            "years": YEARS,
            "algorithm": "ec",
        }
        return self.authority.person(**(told | changed))

    def seal(self, algorithm: Algorithm = "ec") -> Issued:
        """The key of the commune's seal."""
        reference = authority_reference(self.stage.country.commune)
        return self.authority.agency(
            reference=reference, name="UBND xã", since=SINCE, years=YEARS, algorithm=algorithm
        )

    def plug_in(self, algorithm: Algorithm = "ec") -> None:
        """A token for the chair and one with the seal."""
        self.places["chair"] = self.tokens.make("chair", self.person("chair", algorithm=algorithm))
        self.places["clerk"] = self.tokens.make("clerk", self.seal(algorithm))

    # ------------------------------------------------------------------ the program

    def agent(
        self, user: str, *words: object, token: str = "", expect: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs ``binhxet token-agent`` as a program of its own, as that person."""
        name, *rest = (str(word) for word in words)
        command = ["token-agent", name, *rest]
        command += ["--server", self.url, "--user", user, "--lang", "en"]
        if name in ("sign", "issue", "batch"):
            place = self.places[token or user]
            command += ["--module", str(place.module), "--token", place.label, "--no-questions"]
        done = self.program(command, **environment)
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def program(self, words: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Calls ``binhxet`` where the tokens are seen, and password and PIN are known."""
        told = {"BINHXET_PASSWORD": world.PASSWORD, "BINHXET_PIN": PIN} | environment
        return programs.call(words, {**os.environ, **self.tokens.environment, **told})

    # ------------------------------------------------------------------ batches

    def begin(self, who: str, action: str, instead_of: Sequence[str] = ()) -> str:
        """The code of a new ceremony over all that waits for the act."""
        with self.stage.now():
            session, person = self.session, self.stage.people[who]
            actor = self.stage.house.find_actor(session, person, self.stage.today)
            papers = queries.waiting_for(session, self.stage.house, actor, action)
            return convening.make(session, person, action, papers, None, instead_of)

    def held(self, who: str, code: str) -> Held:
        with self.stage.now():
            return ceremonies.find(self.session, self.stage.people[who], code)

    # ------------------------------------------------------------------ what is so now

    def whole(self) -> Any:
        """All that a refused signature must leave as it was."""
        session = self.session
        return (
            [self.stage.state(paper) for paper in self.papers],
            self.stage.count_events(),
            sorted(session.scalars(select(PaperVersion.sha256))),
            len(session.scalars(select(Entry.id)).all()),
        )

    def content(self) -> bytes:
        digest = self.session.scalars(
            select(PaperVersion.sha256)
            .where(PaperVersion.paper_id == self.paper)
            .order_by(PaperVersion.id.desc())
        ).first()
        assert digest is not None
        return self.bureau.store.get(digest)


@contextmanager
def room(url: str, folder: Path, *, papers: int = 1) -> Iterator[Room]:
    """The room over a new database, the site not yet listening."""
    authority = Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE, years=YEARS)
    app = make_site(url, folder, signer="deferred")
    keys = folder / "test" / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / ROOTS).write_bytes(authority.roots_pem())
    with opened(url) as engine, Session(engine) as session, pytest.MonkeyPatch.context() as patch:
        here = stage(session)
        with app.app_context():
            here.house, desk = bureau().house, bureau().desk
        _sign_ins(session, here)
        ready = [_paper(here, number) for number in range(papers)]
        with here.now():
            for one in ready:
                desk.render(session, one)
        yield Room(app, here, Tokens.at(folder / "hsm", patch), authority, ready)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@contextmanager
def listening(made: Room) -> Iterator[Room]:
    """The site listening on loopback, at the hour of its stage."""
    with made.stage.now():
        hour = contextvars.copy_context()
    server = make_server("127.0.0.1", 0, made.app)
    with serving(server, hour.run) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


def _sign_ins(session: Session, here: Stage) -> None:
    secret = hash_password(world.PASSWORD)
    for who in WHO:
        name = who.replace("_", "-")
        person = here.people[who]
        session.add(Account(person_id=person, username=name, password_hash=secret))
    session.commit()


def _paper(here: Stage, number: int) -> int:
    nomination = here.to_proposed(here.country.areas[number])
    paper = here.draft("police", "commune_decision", [nomination])
    here.act("chair", paper, "approve_content")
    here.act("clerk", paper, "approve_format")
    return paper
