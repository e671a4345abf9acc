"""One authority, its people and one paper at each stage, made once for all signing tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.signing import pdf as acts
from engine.signing.authority import Authority
from tests.engine.signing.blank import blank
from tests.engine.signing.house import AT, ISSUED, SIGNED, House, Stages, agency, person, signer
from tests.engine.signing.pki import Pki, served


@pytest.fixture(scope="session")
def authority() -> Authority:
    return House.authority_named("Bình Xét")


@pytest.fixture(scope="session", params=["rsa", "ec"])
def house(request: pytest.FixtureRequest, authority: Authority) -> House:
    """A chair and an agency with keys of either kind."""
    return House(
        authority=authority,
        chair=signer(person(authority, algorithm=request.param)),
        agency=signer(agency(authority, algorithm=request.param)),
    )


@pytest.fixture(scope="session")
def ec_house(authority: Authority) -> House:
    """The same with the quicker kind of key, where the kind does not matter."""
    return House(
        authority=authority,
        chair=signer(person(authority, algorithm="ec")),
        agency=signer(agency(authority, algorithm="ec")),
    )


def _stages(house: House, *, compact: bool) -> Stages:
    rendered = blank(compact=compact)
    signed = acts.sign_person(rendered, house.chair, **SIGNED)
    return Stages(rendered, signed, acts.issue(signed, house.agency, **ISSUED))


@pytest.fixture(scope="session", params=["streams", "tables"])
def stages(request: pytest.FixtureRequest, house: House) -> Stages:
    """One paper at each stage, in both ways to write a PDF's cross-references."""
    return _stages(house, compact=request.param == "streams")


@pytest.fixture(scope="session")
def paper(ec_house: House) -> Stages:
    """One paper at each stage, where key and syntax do not matter."""
    return _stages(ec_house, compact=True)


@pytest.fixture(scope="session")
def nss(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trust store that pdfsig asks, holding only our root."""
    folder = tmp_path_factory.mktemp("nss")
    root = folder / "root.pem"
    root.write_bytes(authority.roots_pem())
    base = ["certutil", "-d", f"sql:{folder}"]
    subprocess.run([*base, "-N", "--empty-password"], check=True)
    subprocess.run([*base, "-A", "-n", "root", "-t", "CT,C,C", "-i", str(root)], check=True)
    return folder


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pki]:
    """An authority of another make, with its servers; its clock is set by the test."""
    with served(tmp_path_factory.mktemp("pki")) as made:
        made.set_time(AT)
        yield made
