"""The papers room's own papers, through both acts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from engine.papers.archive import carried
from engine.papers.fields import field_specs
from engine.papers.render import Renderer
from engine.signing import evidence
from engine.signing import pdf as acts
from engine.signing.coverage import facts
from engine.signing.strip import Strip
from tests.engine.signing import tools
from tests.engine.signing.house import ISSUED, SIGNED, House
from tests.engine.signing.test_levels import NEXT_DAY, STAMPED, lists, stamped
from tests.papers.conformance import faults

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


# As long as the longest that is printed: 220 bytes in base 41.
STRIP = Strip(
    "https://binhxet.ngason.thanhhoa.gov.vn/p/k3m9x7w2qz#",
    "Q-K3YVOBG45ZBV07002SZG.3A60RRYH$T9CNDB4C3QU2HESM.KAN75ECEIK82L2L-6" * 5,
    (("Quét mã để kiểm tra, hoặc mở", 7.0), ("k3m9x7w2qz", 10.0)),
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
    return acts.issue(signed, ec_house.agency, strip=STRIP, **ISSUED)


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


def _stages(issued: bytes) -> tuple[bytes, bytes, bytes]:
    """The file at each of its stages: every act only appended."""
    first = issued[: issued.index(b"%%EOF") + len(b"%%EOF\n")]
    return first, issued[: facts(issued).covered[0].end], issued


def test_every_stage_conforms(issued: bytes, tmp_path: Path) -> None:
    """PDF/A-3a with its data attached: as laid out, as signed, and as issued."""
    for stage in _stages(issued):
        assert faults(stage) == []
        file = tmp_path / "stage.pdf"
        file.write_bytes(stage)
        tools.qpdf(file)
        told = carried(stage)
        assert (told.kind in KINDS, told.schema.split(":")[3]) == (True, told.kind)
    assert told.fields["number"] == ISSUED["number"]
    assert told.fields["date"] == ISSUED["date_text"]
    assert b"/Image" not in issued


def test_every_level_conforms(issued: bytes, ec_house: House, tmp_path: Path) -> None:
    """Time stamps and evidence are appended to what conforms, and it still does. Their fields
    have no area and lie off the page: what the standards ask of others they do not of these."""
    authority = ec_house.authority
    first = stamped(authority, issued, STAMPED)
    held = evidence.embed(first, lists(authority, STAMPED), STAMPED)
    for level in (first, held, stamped(authority, held, NEXT_DAY)):
        assert faults(level) == []
        file = tmp_path / "level.pdf"
        file.write_bytes(level)
        tools.qpdf(file)


def test_the_code_is_read_from_the_printed_page(issued: bytes, tmp_path: Path) -> None:
    """At 150 dots an inch: what a telephone sees of a sheet held before it."""
    spec = field_specs(issued)["strip"]
    file = tmp_path / "paper.pdf"
    file.write_bytes(issued)
    page = Image.open(tools.picture(file, tmp_path, dpi=150, page=spec.page + 1))
    (found,) = zxingcpp.read_barcodes(page.convert("L"))
    assert found.text == STRIP.text == carried(issued).fields["strip"]
    top, bottom = found.position.top_left.y, found.position.bottom_left.y
    modules = 69  # version 13, as 66 * 5 letters behind a long address need
    assert (bottom - top) / 150 * 25.4 / modules >= 0.38
