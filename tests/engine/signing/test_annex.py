"""An annex in a file of its own: laid out, signed in its corner, and read again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pikepdf import Name, Pdf
from pytest import approx

from engine.errors import Refused
from engine.papers import annexes
from engine.papers.archive import carried
from engine.papers.fields import field_specs
from engine.papers.kinds import load_kinds
from engine.papers.render import Renderer
from engine.signing import believing
from engine.signing import pdf as acts
from engine.signing.authority import Authority
from engine.signing.certificates import Roots
from engine.signing.pkcs11 import Wanted, opened
from engine.signing.validate import validate
from tests.engine.signing import tools
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.house import LATER, House, agency
from tests.engine.signing.tokens import PIN, Tokens
from tests.papers.conformance import faults
from tests.papers.conftest import ANNEX, ENCLOSING, FOLDER, sample
from tests.papers.reading import Reading, field_box, overlap
from workflows.lawfiles import LAW

Values = dict[str, Any]
KIND = load_kinds(LAW / "papers" / "kinds.toml")["district_decision"]
ROWS = 234
NUMBER, TIME = "15/QĐ-UBND", "2026-11-05T10:30:00+07:00"


def values(rows: int = ROWS) -> Values:
    told = sample("district_decision")
    row = told["areas"][0]
    areas = [row | {"position": n, "name": f"Thôn {n}"} for n in range(1, rows + 1)]
    return annexes.placed(KIND, told | {"areas": areas}, "k3m9x7w2qz", 60)


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(FOLDER)


@pytest.fixture(scope="module")
def first(renderer: Renderer) -> bytes:
    return renderer.render(ANNEX, values())


@pytest.fixture(scope="module")
def signed(first: bytes, ec_house: House) -> bytes:
    told: Mapping[str, Any] = {"at": LATER, "number": NUMBER, "reason": "Phát hành"}
    return acts.sign_annex(first, ec_house.agency, **told)


@pytest.mark.parametrize(("rows", "apart"), [(1, False), (60, False), (61, True), (234, True)])
def test_only_a_list_past_the_measure_leaves_its_paper(rows: int, apart: bool) -> None:
    told = values(rows)
    assert (annexes.template(KIND, told) == ENCLOSING) is apart
    assert (annexes.annex_template(KIND, told) == ANNEX) is apart
    if apart:
        assert told["annex"] == {"file": "phu-luc-k3m9x7w2qz.pdf", "rows": rows}
    # Another paper from the same values, as a replacement is, starts anew.
    again = annexes.placed(KIND, told | {"areas": told["areas"][:1]}, "other", 60)
    assert "annex" not in again


def test_it_has_pages_of_its_own_and_a_corner_for_the_agency(first: bytes) -> None:
    reading = Reading(first)
    label = reading.one("Phụ lục")
    assert (label.page, round(label.size, 1), label.bold) == (0, 14, True)
    assert [r.text for r in reading.runs if r.text.startswith("Thôn ")] == [
        f"Thôn {n}" for n in range(1, ROWS + 1)
    ]
    for sheet in reading.sheets:
        above = [r.text for r in sheet.runs if r.baseline < 20]
        assert above == ([str(sheet.number + 1)] if sheet.number else [])
    (spec,) = field_specs(first).values()
    assert (spec.name, spec.kind, spec.page) == ("agency", "Sig", 0)
    box = field_box(reading.sheets[0], spec.rect)
    assert box[2] == approx(210 - 16, abs=0.5)  # flush with the right margin
    assert box[1] == approx(20, abs=1)  # at the very top of the text
    assert box[3] < label.box[1]
    assert not any(overlap(box, run.box) for run in reading.sheets[0].runs)


def test_the_signature_shows_number_and_time_and_nothing_else(signed: bytes) -> None:
    """Ten points, black, upright, no image; read from the appearance as it is drawn."""
    with Pdf.open(BytesIO(signed)) as pdf:
        (field,) = pdf.Root.AcroForm.Fields
        form = field.AP.N
        drawn = form.read_bytes().decode()
        assert Name.XObject not in form.Resources
        (font,) = form.Resources.Font.values()
        assert "Italic" not in str(font.BaseFont) and "Bold" not in str(font.BaseFont)
        width, height = (float(edge) for edge in form.BBox[2:])
        spec = field_specs(signed)["agency"]
    assert re.findall(r"(\S+) g\b", drawn) == ["0"]
    assert not re.search(r"\b(?:rg|RG|k|K|Do|Tm)\b", drawn)
    sizes = re.findall(r"(\S+) Tf", drawn)
    assert [float(size) for size in sizes] == [10, 10]
    places = [tuple(map(float, found)) for found in re.findall(r"(\S+) (\S+) Td", drawn)]
    face = spec.face
    assert face is not None
    for (left, base), line in zip(places, (NUMBER, TIME), strict=True):
        assert f"{face.encode(line)} Tj" in drawn
        assert left + face.width(line) / 100 == approx(width, abs=0.05)
        assert base + face.descent / 100 >= 0 and base + face.ascent / 100 <= height + 0.1
    assert places[0][1] - places[1][1] >= 10  # one line under the other


def test_everybody_accepts_the_signature(
    signed: bytes, first: bytes, ec_house: House, nss: Path, tmp_path: Path
) -> None:
    (report,) = ec_house.judge(signed)
    assert (report.role, report.problems, report.covers) == ("annex", (), "whole_file")
    assert (faults(first), faults(signed)) == ([], [])
    file = tmp_path / "annex.pdf"
    file.write_bytes(signed)
    tools.qpdf(file)
    (told,) = tools.pdfsig(file, nss)
    assert "Signature is Valid" in told and "Certificate is Trusted" in told
    assert tools.openssl(signed, nss / "root.pem", tmp_path) == ["CMS Verification successful"]
    words = tools.text(file).split("Phụ lục")[0]
    assert words.split() == [NUMBER, TIME]


def test_every_level_conforms(tmp_path: Path) -> None:
    """PDF/A-3a and PDF/UA-1 with the agency's signature, with a stamp, with the evidence, and
    with a stamp over that, as the annex of the altered files has them."""
    lasting = genuine("genuine-annex")
    levels = [lasting[: end.end()] for end in re.finditer(rb"%%EOF\n", lasting)][1:]
    assert len(levels) == 4 and levels[-1] == lasting
    for number, level in enumerate(levels):
        assert faults(level) == []
        file = tmp_path / f"{number}.pdf"
        file.write_bytes(level)
        tools.qpdf(file)


@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_a_token_signs_it_like_any_key(
    first: bytes,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    algorithm: Any,
) -> None:
    tokens = Tokens.at(tmp_path / "hsm", monkeypatch)
    place = tokens.make("seal", agency(authority, algorithm=algorithm))
    with opened(place, PIN, Wanted(), LATER) as signer:
        made = acts.sign_annex(first, signer, at=LATER, number=NUMBER, reason="Phát hành")
        assert believing.problems(first, made, signer.credential, LATER) == ()
    (report,) = validate(made, Roots.common([authority.root]))
    assert (report.role, report.problems) == ("annex", ())


def test_the_paper_names_the_very_bytes_of_its_annex(
    renderer: Renderer, first: bytes, signed: bytes
) -> None:
    told = annexes.enclosed(values(), first)
    paper = carried(renderer.render(ENCLOSING, values(), [told]))
    assert paper.enclosed == (told,)
    assert told["sha256"] == hashlib.sha256(signed[: told["size"]]).hexdigest()
    assert paper.values == carried(signed).values == values()


SPOILED: Mapping[str, Callable[[bytes], bytes]] = {
    "altered": lambda pdf: pdf.replace(b"%PDF-1.7", b"%PDF-1.6", 1),
    "uncovered": lambda pdf: pdf + b"%\n",
}


@pytest.mark.parametrize("problem", SPOILED)
def test_a_changed_annex_is_not_signed(signed: bytes, ec_house: House, problem: str) -> None:
    (report,) = ec_house.judge(SPOILED[problem](signed))
    assert problem in report.problems


def test_only_the_agency_signs_an_annex_and_only_once(
    first: bytes, signed: bytes, ec_house: House
) -> None:
    told: Mapping[str, Any] = {"at": LATER, "number": NUMBER, "reason": "Phát hành"}
    (report,) = ec_house.judge(acts.sign_annex(first, ec_house.chair, **told))
    assert report.problems == ("wrong_kind", "uncovered")
    for file, changed, code in (
        (signed, {}, "already_sealed"),
        (first, {"number": "1" * 40}, "text_too_long"),
        (first, {"number": "15/漢"}, "letter_missing"),
    ):
        with pytest.raises(Refused) as refused:
            acts.sign_annex(file, ec_house.agency, **told | changed)
        assert refused.value.code == code
