"""The papers room's own papers, through both acts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.papers.render import Renderer
from engine.signing import pdf as acts
from tests.engine.signing import tools
from tests.engine.signing.house import ISSUED, SIGNED, House

# WeasyPrint leaves its colour profile open until the garbage collector closes it.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

TEMPLATES = Path(__file__).resolve().parents[3] / "templates" / "papers"
KINDS = (
    "commune_decision",
    "refusal_notice",
    "district_decision",
    "province_decision",
    "certificate",
)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(TEMPLATES)


@pytest.fixture(scope="module", params=[f"{k}{s}" for k in KINDS for s in ("", ".long")])
def issued(request: pytest.FixtureRequest, renderer: Renderer, ec_house: House) -> bytes:
    """A paper of each kind, with ordinary and with very long values."""
    sample = TEMPLATES / "samples" / f"{request.param}.json"
    values = json.loads(sample.read_text(encoding="utf-8"))
    rendered = renderer.render(request.param.partition(".")[0], values)
    signed = acts.sign_person(rendered, ec_house.chair, **SIGNED)
    return acts.issue(signed, ec_house.agency, **ISSUED)


def test_a_real_paper_is_valid(ec_house: House, issued: bytes) -> None:
    leader, seal = ec_house.judge(issued)
    assert (leader.problems, seal.problems) == ((), ())
    assert (leader.modification, seal.covers) == ("form_filling", "whole_file")


def test_other_programs_accept_it_and_show_its_number(
    issued: bytes, nss: Path, tmp_path: Path
) -> None:
    file = tmp_path / "paper.pdf"
    file.write_bytes(issued)
    tools.qpdf(file)
    told = tools.pdfsig(file, nss)
    assert [one.count("Signature is Valid") for one in told] == [1, 1]
    assert [one.count("Certificate is Trusted") for one in told] == [1, 1]
    answers = tools.openssl(issued, nss / "root.pem", tmp_path)
    assert answers == ["CMS Verification successful"] * 2
    words = tools.text(file)
    assert f"Số: {ISSUED['number']}" in words
    assert ISSUED["date_text"] in words
