"""An annex in a file of its own from the token to the public page, by one decision."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from engine import clock, outbox
from engine.papers.book import ANNEX_ISSUED, Paper, PaperVersion
from engine.signing.coverage import facts
from engine.signing.pkcs11 import Wanted, choose, credentials
from tests.web import conftest as site
from tests.web import world
from tests.web.room import SINCE, YEARS, Room, listening, room
from web.cli.ceremony import Ceremony, Ready, Result
from web.cli.remote import Remote
from workflows import deferred
from workflows import practice as local
from workflows.keys import authority_reference

CLERK = "district-clerk"


def _decision(here: Room) -> int:
    """A district's decision, signed by its chair, to be issued by its clerk."""
    play = here.stage
    nomination = play.to_district(play.country.areas[-1])
    told = {"favourable": True, "assessment": "Đủ điều kiện"}
    play.act("district_police", nomination, "record_district_appraisal", **told)
    paper = play.draft("district_police", "district_decision", [nomination])
    play.act("district_chair", paper, "approve_content")
    play.act("district_clerk", paper, "approve_format")
    with play.now():
        here.bureau.desk.render(here.session, paper)
    reference = authority_reference(play.country.district)
    seal = here.authority.agency(
        reference=reference, name="UBND huyện", since=SINCE, years=YEARS, algorithm="ec"
    )
    here.places["district-chair"] = here.tokens.make("dchair", here.person("district_chair"))
    here.places[CLERK] = here.tokens.make("dclerk", seal)
    here.agent("district-chair", "sign", paper)
    return paper


@pytest.fixture
def every_list_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = local.practice()
    rule = local.AnnexRule.model_construct(longest_list=0)
    told = whole.model_copy(update={"annex": rule})
    monkeypatch.setattr("workflows.bureau.practice", lambda: told)
    # The house of the sites of this process may have been built before.
    monkeypatch.setattr("tests.web.conftest._house", site._house.__wrapped__)


@pytest.mark.usefixtures("every_list_apart")
def test_one_pin_signs_the_annex_with_its_paper_and_all_may_check_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with room(database_url, tmp_path) as here, listening(here):
        paper = _decision(here)
        _what_was_not_shown_is_not_signed(here, paper, monkeypatch)
        done = here.agent(CLERK, "issue", paper, "--preview", tmp_path / "seen", "--json")
        (result,) = json.loads(done.stdout)
        assert (result["done"], result["number"]) == (True, "01/QĐ-UBND")
        seen = facts((tmp_path / "seen" / f"{paper}-issue-annex.pdf").read_bytes())
        assert seen.covered[-1].digest in done.stderr  # the terminal showed both digests
        _everybody_finds_it(here, paper)


def _what_was_not_shown_is_not_signed(
    here: Room, paper: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server shows another annex than the paper names, or other bytes than it asks for."""
    offer, document = deferred.offer, deferred.document
    remote = Remote.at(here.url, CLERK, world.PASSWORD)
    credential = choose(credentials(here.places[CLERK]), Wanted(), clock.now())
    ceremony = Ceremony(remote, credential, "issue", None)
    (good,) = ceremony.prepare([paper])
    assert isinstance(good, Ready) and good.annex is not None

    def swapped(*given: Any) -> Any:
        made = offer(*given)
        assert made.annex is not None
        own = {name: getattr(made, name) for name in ("digest", "attributes", "document")}
        own |= {name: getattr(made, name) for name in ("size", "gap", "covered")}
        return replace(made, annex=replace(made.annex, **own))

    def its_paper(*given: Any) -> bytes:
        return document(*given[:5])

    for patched, code in (
        ({"offer": swapped}, "not_what_was_shown"),
        ({"offer": swapped, "document": its_paper}, "annex_of_another"),
    ):
        with monkeypatch.context() as patch:
            for name, changed in patched.items():
                patch.setattr(deferred, name, changed)
            (refused,) = ceremony.prepare([paper])
        assert isinstance(refused, Result) and refused.code == code


def _everybody_finds_it(here: Room, paper: int) -> None:
    row = here.session.get_one(Paper, paper)
    code, name = row.code, row.values["annex"]["file"]
    digest = here.session.scalars(
        select(PaperVersion.sha256).where(PaperVersion.stage == ANNEX_ISSUED)
    ).one()
    annex = here.bureau.store.get(digest)
    with here.stage.now():
        outbox.deliver_all(here.session, here.bureau.desk.handlers)  # it is logged
        client = here.app.test_client()
        page = client.get(f"/p/{code}")
        assert f"/p/{code}/file?part=annex" in page.text
        assert page.text.count("Văn bản thật, đang có hiệu lực") == 2
        file = client.get(f"/p/{code}/file?part=annex")
        assert (file.data, file.status_code) == (annex, 200)
        assert name in file.headers["Content-Disposition"]
        named = client.get(f"/p/{code}/data.json").json
        assert named is not None and named["enclosed"][0]["file"] == name
        told = _verified(client, annex, {"Accept": "application/json"})
        assert (told.json["verdict"], told.json["part"]) == ("genuine", "annex")
        assert told.json["paper"] == code
        shown = _verified(client, annex, {})
        assert "Phụ lục của văn bản số 01/QĐ-UBND" in shown.text
        spoiled = _verified(client, annex + b"%\n", {})
        assert "Tệp được làm từ phụ lục của văn bản số 01/QĐ-UBND." in spoiled.text
        for own in here.papers:  # a paper without an annex says so
            other = here.session.get_one(Paper, own).code
            assert client.get(f"/p/{other}/file?part=annex").status_code == 404


def _verified(client: Any, content: bytes, headers: dict[str, str]) -> Any:
    page = client.get("/verify").text
    (token,) = re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', page) or [""]
    data = {"file": (io.BytesIO(content), "x.pdf"), "csrf_token": token}
    return client.post("/verify", data=data, headers=headers)
