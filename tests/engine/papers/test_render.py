"""Rendering: the same bytes each time, and nothing fetched from anywhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pikepdf
import pytest

from engine.papers.fields import field_specs
from engine.papers.fonts import FAMILY
from engine.papers.render import ForbiddenAddress, Renderer
from tests.serving import serving

PAGE = '<html lang="vi"><head><title>{{ name }}</title></head><body>%s</body></html>'
STYLE = f'html {{ font: 13pt "{FAMILY}" }} .field {{ display: inline-block }}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "dot.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
        '<circle cx="0.5" cy="0.5" r="0.5"/></svg>'
    )
    (tmp_path / "_decree30.css").write_text(STYLE)
    (tmp_path / "letter.html").write_text(PAGE % "<p>{{ name }}</p>")
    return tmp_path


def test_the_same_values_give_the_same_bytes(folder: Path) -> None:
    renderer = Renderer(folder)
    first = renderer.render("letter", {"name": "Thôn 1"})
    between = renderer.render("letter", {"name": "Thôn 2"})
    assert renderer.render("letter", {"name": "Thôn 1"}) == first
    assert Renderer(folder).render("letter", {"name": "Thôn 1"}) == first
    assert between != first


def test_the_same_in_another_process_with_another_hash_seed(folder: Path) -> None:
    script = (
        "import hashlib, sys; from pathlib import Path;"
        "from engine.papers.render import Renderer;"
        "print(hashlib.sha256(Renderer(Path(sys.argv[1])).render("
        "'letter', {'name': 'Thôn 1'})).hexdigest())"
    )
    here = hashlib.sha256(Renderer(folder).render("letter", {"name": "Thôn 1"})).hexdigest()
    root = Path(__file__).resolve().parents[3]
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", script, str(folder)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root), "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
            text=True,
        )
        assert told.stdout.strip() == here


def test_the_identifier_follows_the_values_and_the_template(folder: Path) -> None:
    (folder / "other.html").write_text(PAGE % "<p>{{ name }}</p>")
    renderer = Renderer(folder)
    identities = set()
    for template, name in (("letter", "A"), ("letter", "B"), ("other", "A")):
        (folder / "out.pdf").write_bytes(renderer.render(template, {"name": name}))
        with pikepdf.open(folder / "out.pdf") as pdf:
            identities.add(bytes(pdf.trailer.ID[0]))
            assert len(bytes(pdf.trailer.ID[0])) == 16
    assert len(identities) == 3


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """An HTTP server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with serving(HTTPServer(("127.0.0.1", 0), Listener)) as port:
        yield f"http://127.0.0.1:{port}", asked


@pytest.mark.parametrize(
    "reach",
    [
        '<img src="{address}/a.png" alt="a">',
        '<img src="file:///etc/passwd" alt="a">',
        '<img src="data:image/png;base64,AAAA" alt="a">',
        '<img src="paper:asset/../_decree30.css" alt="a">',
        '<img src="paper:asset/none.svg" alt="a">',
        '<link rel="stylesheet" href="{address}/a.css">',
        '<style>@import url("{address}/a.css");</style>',
        '<p style="background: url({address}/a.png)">x</p>',
        '<style>@font-face {{ font-family: X; src: url("file:///etc/passwd") }}</style>',
        '<object data="{address}/a.svg"></object>',
        '<embed src="{address}/a.svg">',
    ],
)
def test_nothing_is_fetched_but_our_own(
    folder: Path, listening: tuple[str, list[str]], reach: str
) -> None:
    address, asked = listening
    (folder / "reaching.html").write_text(PAGE % reach.format(address=address))
    with pytest.raises(ForbiddenAddress):
        Renderer(folder).render("reaching", {"name": "x"})
    assert asked == []


def test_an_own_picture_may_be_shown(folder: Path) -> None:
    (folder / "own.html").write_text(
        PAGE % '<img src="paper:asset/dot.svg" alt="dot" width="20" height="20">'
    )
    assert Renderer(folder).render("own", {"name": "x"}).startswith(b"%PDF-1.7")


def test_addresses_and_markup_in_values_are_only_text(
    folder: Path, listening: tuple[str, list[str]]
) -> None:
    address, asked = listening
    name = f'file:///etc/passwd <img src="{address}/a.png"> <script>x</script>'
    content = Renderer(folder).render("letter", {"name": name})
    (folder / "out.pdf").write_bytes(content)
    text = subprocess.run(
        ["pdftotext", "-raw", str(folder / "out.pdf"), "-"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    assert text.split() == name.split()
    assert asked == []


def test_a_failed_paper_leaves_the_renderer_as_it_was(folder: Path) -> None:
    (folder / "reaching.html").write_text(PAGE % '<img src="file:///etc/passwd" alt="a">')
    renderer = Renderer(folder)
    before = renderer.render("letter", {"name": "x"})
    with pytest.raises(ForbiddenAddress, match="file:///etc/passwd"):
        renderer.render("reaching", {"name": "x"})
    assert renderer.render("letter", {"name": "x"}) == before


def test_a_field_lies_where_its_place_was_laid_out(folder: Path) -> None:
    (folder / "form.html").write_text(
        PAGE
        % (
            '<p style="margin: 0"><a class="field" id="one" data-kind="text" title="One"'
            ' data-face="regular" data-size="13" style="width: 40mm; height: 5mm"></a></p>'
            '<p style="break-before: page"><a class="field" id="two" data-kind="signature"'
            ' title="Two" style="width: 30mm; height: 30mm"></a></p>'
        )
    )
    (folder / "form.css").write_text(
        STYLE + "@page { size: A4; margin: 20mm 30mm } body { margin: 0 }"
    )
    specs = field_specs(Renderer(folder).render("form", {"name": "x"}))
    one, two = specs["one"], specs["two"]
    assert (one.kind, one.page, one.tooltip, one.size) == ("Tx", 0, "One", 13)
    assert (two.kind, two.page, two.tooltip, two.face) == ("Sig", 1, "Two", None)
    millimetre = 72 / 25.4
    assert one.rect[0] == pytest.approx(30 * millimetre, abs=0.1)
    assert one.width == pytest.approx(40 * millimetre, abs=0.1)
    assert one.height == pytest.approx(5 * millimetre, abs=0.1)
    assert one.rect[3] <= (297 - 20) * millimetre + 0.1
    assert two.width == pytest.approx(30 * millimetre, abs=0.1)
    assert two.height == pytest.approx(30 * millimetre, abs=0.1)
