"""The trust bundle, the schemas and the data of papers, by address and by command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.papers.archive import DATA
from engine.papers.freeze import freeze
from engine.papers.render import Renderer
from engine.papers.schema import Schemas
from tests.papers.conftest import FOLDER, sample
from tests.web.calling import Shell
from tests.web.conftest import Site
from web.cli.records import signature_line
from workflows.statements import LEVELS
from workflows.trust import Bundle

BUNDLE_KEYS = {
    "format", "made_at", "address", "addresses", "roots", "log", "statements", "kinds", "levels",
    "fates", "ended", "changes", "unissued", "holders", "signature",
}  # fmt: skip


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(FOLDER)


def test_the_bundle_is_published_whole_and_tells_no_secret(keyed: Site) -> None:
    answer = keyed.client().get("/trust.json")
    assert answer.status_code == 200
    told = answer.get_json()
    assert set(told) == BUNDLE_KEYS
    bundle = Bundle.read(answer.data)
    assert bundle.address == "http://127.0.0.1:8000"
    assert len(bundle.roots.signing) == 1
    assert [told["levels"][str(n)]["en"] for n in (1, 2, 3)] == list(LEVELS)
    assert "PRIVATE" not in answer.text
    assert "max-age=300" in answer.headers["Cache-Control"]


def test_the_page_keeps_the_policy_and_may_ask_for_the_camera(keyed: Site) -> None:
    answer = keyed.client().get("/offline")
    assert answer.status_code == 200
    assert "camera=(self)" in answer.headers["Permissions-Policy"]
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    assert "camera=()" in keyed.client().get("/verify").headers["Permissions-Policy"]


def test_the_page_for_keeping_needs_nothing_from_anywhere(keyed: Site) -> None:
    answer = keyed.client().get("/offline.html")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "default-src 'none'" in answer.text
    for reach in (' src="', "<link", "url(", "@import"):
        assert reach not in answer.text
    block = answer.text.partition('id="offline-trust">')[2].partition("</script>")[0]
    assert Bundle.read(block.encode()).age.days == 0


@pytest.mark.parametrize("kind", ["certificate", "minutes"])
def test_the_schema_is_published_under_the_name_it_has_in_papers(site: Site, kind: str) -> None:
    answer = site.client().get(f"/schemas/{kind}.json")
    assert answer.mimetype == "application/schema+json"
    schema = Schemas(FOLDER).of(kind)
    assert answer.get_json() == schema
    assert schema["$id"].startswith(f"urn:binhxet:paper:{kind}:")
    assert set(schema["properties"]["values"]["required"]) == set(sample(kind))
    assert site.client().get("/schemas/nothing.json").status_code == 404


def test_data_and_schema_by_command(tmp_path: Path, renderer: Renderer) -> None:
    shell, file = Shell(tmp_path), tmp_path / "paper.pdf"
    file.write_bytes(renderer.render("certificate", sample("certificate")))
    told = shell("papers", "data", file, "--json").json
    assert told["values"] == sample("certificate")
    assert (told["number"], told["date"]) == ("", "")
    assert told["schema"] == shell("papers", "schema", "certificate", "--json").json["$id"]
    assert "unknown_kind" in shell("papers", "schema", "nothing", expect=1).err
    file.write_bytes(b"no paper")
    assert "unreadable_pdf" in shell("papers", "data", file, expect=1).err
    with file.open("wb") as huge:
        huge.truncate(200 * 2**20)
    assert "file_too_large" in shell("papers", "data", file, expect=1).err


def test_offline_takes_a_bundle_and_something_to_check(tmp_path: Path) -> None:
    shell, file = Shell(tmp_path), tmp_path / "trust.json"
    file.write_text(json.dumps({"format": "another"}))
    shell("verify", "--offline", expect=2)
    shell("verify", "--offline", "--trust", file, expect=2)
    shell("verify", "--trust", file, file, expect=2)
    shell("verify", expect=2)
    answer = shell("verify", "--offline", "--trust", file, "--qr", "x", expect=1)
    assert "bundle_unreadable" in answer.err


def test_the_data_file_is_canonical(renderer: Renderer) -> None:
    data, schema = renderer.attachments("notice", sample("notice"))
    assert (data.name, data.relationship) == (DATA, "Data")
    assert data.content.decode() == freeze(json.loads(data.content))
    assert json.loads(schema.content)["$id"] == json.loads(data.content)["schema"]


def test_what_is_told_of_a_code_that_cannot_be_read(keyed: Site, tmp_path: Path) -> None:
    shell, file = Shell(tmp_path), tmp_path / "trust.json"
    file.write_bytes(keyed.client().get("/trust.json").data)
    call = ("verify", "--offline", "--trust", file, "--qr", "no code")
    told = shell("--lang", "en", *call, expect=1).out.splitlines()
    assert told[-1] == (
        "Unreadable: this is no printed code of a paper, or it was not read in full. [unreadable]"
    )


def test_every_signature_is_told_with_the_hour_of_vietnam() -> None:
    one = {"role": "seal", "name": "UBND", "time": "2026-11-05T02:30:00+00:00", "level": ""}
    assert signature_line(one | {"problems": []}) == "    seal: UBND, 09:30:00 05/11/2026"
    broken = one | {"name": "", "time": None, "level": "B-T", "problems": ["altered"]}
    assert signature_line(broken) == "    seal: B-T altered"
