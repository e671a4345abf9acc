"""What makes a paper last: PDF/A-3, level A, whole, tagged, and the same bytes each time."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from engine.papers.render import Renderer
from tests.papers.conftest import FOLDER, SAMPLES, kind_of, sample
from tests.papers.reading import Reading

Read = Callable[[str], Reading]
ROOT = FOLDER.parents[1]


HERE = [name for name in SAMPLES if any(other.startswith(f"{name}.") for other in SAMPLES)]
ELSEWHERE = [name for name in SAMPLES if name not in HERE]
"""Each sample is rendered a second time, by the same process or by another."""


@pytest.mark.parametrize("name", HERE)
def test_rendering_again_gives_the_same_bytes(renderer: Renderer, read: Read, name: str) -> None:
    assert renderer.render(kind_of(name), sample(name)) == read(name).content


def test_another_process_gives_the_same_bytes(read: Read) -> None:
    script = (
        "import hashlib, json, sys; from pathlib import Path;"
        "from engine.papers.render import Renderer;"
        "folder = Path(sys.argv[1]); r = Renderer(folder);"
        "print(json.dumps({n: hashlib.sha256(r.render(n.partition('.')[0], json.loads("
        "(folder / 'samples' / f'{n}.json').read_text()))).hexdigest()"
        " for n in reversed(sys.argv[2:])}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script, str(FOLDER), *ELSEWHERE],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    here = {name: hashlib.sha256(read(name).content).hexdigest() for name in ELSEWHERE}
    assert json.loads(told) == here


def test_the_typesetter_has_nothing_to_complain_of(read: Read, complaints: list[str]) -> None:
    """Every rule of the style sheets is understood, every tag has what it needs."""
    for name in SAMPLES:
        read(name)
    assert complaints == []


@pytest.mark.parametrize("name", SAMPLES)
def test_qpdf_finds_nothing_and_every_font_is_embedded(
    read: Read, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(read(name).content)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = subprocess.run(
        ["pdffonts", path], capture_output=True, check=True, text=True
    ).stdout.splitlines()[2:]
    assert listed
    for line in listed:
        font, kind, *_, embedded, subset, to_unicode, _, _ = re.split(r"\s{2,}|(?<=\S) ", line)
        assert kind == "CID" or kind.startswith("CID TrueType")
        assert (embedded, subset, to_unicode) == ("yes", "yes", "yes"), line
        assert re.match(r"[A-Z]{6}\+(Paper-Times|Tinos|LiberationSerif)", font)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_file_says_what_it_is(read: Read, name: str) -> None:
    with pikepdf.open(BytesIO(read(name).content)) as pdf:
        assert pdf.pdf_version == "1.7"
        assert str(pdf.Root.Lang) == "vi"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        (intent,) = pdf.Root.OutputIntents
        assert Name("/GTS_PDFA1") == intent.S
        assert len(intent.DestOutputProfile.read_bytes()) > 1000
        with pdf.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("3", "A")
            assert xmp["dc:title"] == str(pdf.docinfo.Title)
        assert str(sample(name)["year"]) in str(pdf.docinfo.Title)
        # Dates would be those of the machine's clock; a paper's date is the clerk's act.
        assert not {"/CreationDate", "/ModDate"} & set(pdf.docinfo.keys())
        assert pdf.Root.get(Name.Names) is None or Name.Dests not in pdf.Root.Names
        assert not {"/Encrypt"} & set(pdf.trailer.keys())


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_the_profile_forbids(read: Read, name: str) -> None:
    with pikepdf.open(BytesIO(read(name).content)) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                assert not bool(thing.get("/Interpolate", False))
                assert thing.get("/Filter") != Name.LZWDecode
            if isinstance(thing, Dictionary | pikepdf.Stream):
                assert thing.get("/S") not in (Name.JavaScript, Name.Launch)
                assert Name.AA not in thing
        for page in pdf.pages:
            assert page.Tabs == Name.S
            for annotation in page.get("/Annots", []):
                assert annotation.Subtype == Name.Widget
                assert Name.N in annotation.AP


@pytest.mark.parametrize("name", SAMPLES)
def test_everything_painted_is_tagged_or_an_artifact(read: Read, name: str) -> None:
    with pikepdf.open(BytesIO(read(name).content)) as pdf:
        for page in pdf.pages:
            depth = 0
            for _, operator in pikepdf.parse_content_stream(page):
                match str(operator):
                    case "BDC" | "BMC":
                        depth += 1
                    case "EMC":
                        depth -= 1
                    case "TJ" | "Tj" | "Do" | "f" | "f*" | "S" | "sh":
                        assert depth > 0, f"page {page.index + 1}: {operator} untagged"
            assert depth == 0


@pytest.mark.parametrize("name", SAMPLES)
def test_tables_have_heads_and_the_paper_one_heading(read: Read, name: str) -> None:
    kinds: list[str] = []
    with pikepdf.open(BytesIO(read(name).content)) as pdf:

        def walk(element: pikepdf.Object) -> None:
            if isinstance(element, Dictionary) and Name.S in element:
                kinds.append(str(element.S))
                kids = element.get(Name.K, Array())
                for kid in kids if isinstance(kids, Array) else [kids]:
                    walk(kid)

        walk(pdf.Root.StructTreeRoot.K[0])
    assert "/H1" in kinds
    assert "/Link" not in kinds
    assert "/Figure" not in kinds
    for number, kind in enumerate(kinds):
        if kind == "/Table":
            rest = kinds[number:]
            assert "/TH" in rest[: rest.index("/TD")]


def test_hostile_values_are_printed_as_they_are(renderer: Renderer) -> None:
    values = sample("refusal_notice")
    values["area"] = '<img src="file:///etc/passwd"><h1>"x" & {{ year }}'
    values["signatory"]["name"] = "</div><script>alert(1)</script>"
    values["symbol"] = '"><a class="field" id="extra" data-kind="text" title="x">'
    reading = Reading(renderer.render("refusal_notice", values))
    assert values["area"] in reading.text
    assert values["signatory"]["name"] in reading.text
    with pikepdf.open(BytesIO(reading.content)) as pdf:
        names = {str(field.T) for field in pdf.Root.AcroForm.Fields}
        assert names == {"number", "date", "signature", "seal", "strip"}
