"""A paper verified, beside hashing its bytes and OpenSSL's check of its signatures."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.x509 import load_der_x509_crl
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from engine.db import end_reading
from engine.signing import evidence as store
from engine.signing import pdf as acts
from engine.signing import shortcut, trust
from engine.signing.certificates import Roots, der, load_der
from engine.signing.evidence import Evidence
from engine.signing.validate import validate
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.bench.openssl import OpenSSL, taken_apart
from tests.engine.signing.altering.keys import FOLDER as FIXTURES
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.altering.originals import rendered
from tests.engine.signing.house import ISSUED, SIGNED, House, agency, person, signer
from tests.workflows.register import Register, issue_all
from workflows.verification import verify

ROUNDS, FEW = 200, 5
LIMIT = 3.0
FLOOR = "hashed, and its signatures checked by OpenSSL"
Floor = Callable[[], object]


def figures(ground: Ground) -> Iterator[Figure]:
    """A known paper with either kind of key, an altered one, and the start of the process."""
    rounds = ground.rounds(ROUNDS)
    for kind in ("sqlite", "postgresql"):
        with ground.engine(kind) as engine:
            yield from _known(engine, ground.folder / f"verify-{kind}", kind, rounds)
    yield _signatures(rounds)
    yield from _process(ground)


def _known(engine: Engine, folder: Path, kind: str, rounds: int) -> Iterator[Figure]:
    folder.mkdir()
    content = genuine()
    with Session(engine) as session:
        here = issue_all(session, folder)
        floor = _floor(content, here.desk.keys.roots)
        yield paired(
            f"a paper verified, {kind}",
            lambda: _checked(here, content),
            FLOOR,
            floor,
            rounds=rounds,
            limit=LIMIT,
        )
        if kind == "sqlite":
            yield _lasting(here, rounds)
            yield _altered(here, floor, max(1, rounds // 40))


def _lasting(here: Register, rounds: int) -> Figure:
    """With two time stamps and the evidence, as a paper is found of which nothing is known but
    who signed and stamped such papers before."""
    content = genuine("genuine-enclosing")

    def checked() -> None:
        trust._TOLD.clear()  # what was asked about the times that this very file proves
        _checked(here, content)

    return paired(
        "a paper at B-LTA verified",
        checked,
        f"{FLOOR}, with its stamps and lists",
        _lasting_floor(content, here.desk.keys.roots),
        rounds=max(1, rounds // 2),
        limit=LIMIT,
    )


def _checked(here: Register, content: bytes) -> None:
    if not verify(here.session, here.desk, content).ok:
        raise RuntimeError("a genuine paper does not hold")
    end_reading(here.session)  # as after each page


def _altered(here: Register, floor: Floor, rounds: int) -> Figure:
    """In a process of its own: what a stranger's file costs."""
    content = (FIXTURES / "page-added.pdf").read_bytes()
    return paired(
        "an altered paper verified, in a process of its own",
        lambda: verify(here.session, here.desk, content),
        FLOOR,
        floor,
        rounds=rounds,
        warm=1,
    )


def _signatures(rounds: int) -> Figure:
    """RSA-2048, as officials have it, without any database."""
    authority = House.authority_named("The benchmark")
    chair, seal = (signer(make(authority, algorithm="rsa")) for make in (person, agency))
    signed = acts.sign_person(rendered("commune_decision"), chair, **SIGNED)
    issued, roots = acts.issue(signed, seal, **ISSUED), Roots.common([authority.root])
    if shortcut.judge(issued, roots) != validate(issued, roots):
        raise RuntimeError("the two judgements differ")
    return paired(
        "signatures of a known paper, RSA-2048",
        lambda: (hashlib.sha256(issued).digest(), shortcut.judge(issued, roots)),
        FLOOR,
        _floor(issued, roots),
        rounds=rounds,
        limit=LIMIT,
    )


def _floor(content: bytes, roots: Roots) -> Floor:
    library, parts = OpenSSL([der(root) for root in roots.signing]), taken_apart(content)

    def run() -> None:
        hashlib.sha256(content).digest()
        for container, (first, second), end in parts:
            if not library.verify(container, content[:first] + content[second:end]):
                raise RuntimeError("OpenSSL does not accept the paper")

    run()
    return run


def _lasting_floor(content: bytes, roots: Roots) -> Floor:
    """All that anybody signed of the file: two signatures, two stamps, the lists about them."""
    library = OpenSSL([der(root) for root in (*roots.signing, *roots.time)])
    *signed, first_stamp, last_stamp = taken_apart(content)
    evidence = store.held(content)
    lists = [(crl, _issuer(library, crl, evidence)) for crl in evidence.crls]

    def run() -> None:
        hashlib.sha256(content).digest()
        checks = ((library.verify, signed), (library.verify_time, (first_stamp, last_stamp)))
        held = [
            check(container, content[:first] + content[second:end])
            for check, parts in checks
            for container, (first, second), end in parts
        ]
        if not all((*held, *(library.verify_list(*each) for each in lists))):
            raise RuntimeError("OpenSSL does not accept the paper")

    run()
    return run


def _issuer(library: OpenSSL, crl: bytes, evidence: Evidence) -> int | None:
    name = load_der_x509_crl(crl).issuer
    return next(library.issuer(o) for o in evidence.certificates if load_der(o).subject == name)


def _process(ground: Ground) -> Iterator[Figure]:
    """What the start of the command costs by itself, before any file is looked at."""
    rounds = ground.rounds(FEW)
    python = [sys.executable, "-c"]
    yield paired(
        "the process of verify started",
        lambda: _run([*python, "import web.cli.records, web.cli.office, workflows.bureau"]),
        "an empty Python started",
        lambda: _run([*python, ""]),
        rounds=rounds,
        warm=1,
    )


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, env=os.environ)
