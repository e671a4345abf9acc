"""The acts on issued papers on the pages: offered, foretold, drafted, and told to everybody."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import outbox
from engine.papers.book import Paper
from tests.web import world
from tests.web.calling import Shell
from tests.web.conftest import Site, at, post
from tests.web.test_papers import PIN, propose
from web.cli.papers import _foretold
from web.extensions import bureau

ERRATA = {
    "errata.1.place": "Điều 4",
    "errata.1.printed": "nhâm dân",
    "errata.1.correct": "nhân dân",
    "nature": "form",
}


def _issue(site: Site, paper: int) -> str:
    """From the draft to the issue; the public code."""
    site.move(paper, "chair", "approve_content")
    site.move(paper, "clerk", "approve_format")
    site.do(lambda session: outbox.deliver_all(session, bureau().desk.handlers))

    def act(session: Session) -> None:
        desk = bureau().desk
        desk.sign(session, world.person_id(session, "chair"), paper, pin=PIN)
        desk.issue(session, world.person_id(session, "clerk"), paper, pin=PIN)

    site.do(act)
    return str(site.do(lambda s: s.scalar(select(Paper.code).where(Paper.id == paper))))


def _decide(site: Site, *subjects: int) -> int:
    answer = post(
        site.signed_in("police"),
        "/papers",
        "/inbox",
        kind="commune_decision",
        nomination=[str(subject) for subject in subjects],
        key="draft",
    )
    return int(answer.location.rsplit("/", 1)[-1])


def _amend(site: Site, paper: int, act: str, **data: Any) -> Any:
    return post(
        site.signed_in("police"), f"/papers/{paper}/amend/{act}", "/inbox", do="send", **data
    )


def _drafted(answer: Any) -> int:
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[-1])


def _checked(site: Site, code: str) -> dict[str, Any]:
    public = site.client()
    content = public.get(f"/p/{code}/file").data
    answer = public.post(
        "/verify",
        data={"file": (io.BytesIO(content), "a.pdf")},
        headers={"Accept": "application/json"},
    )
    told: dict[str, Any] = answer.get_json()
    return told


def test_a_decision_is_corrected_replaced_and_revoked_and_everybody_is_told(
    keyed: Site, tmp_path: Path
) -> None:
    first = propose(keyed, "16144-01", "hamlet")
    second = propose(keyed, "16144-02", "hamlet-16144-02")
    with at(6):
        paper = _decide(keyed, first, second)
        assert "trở về bước trước" in keyed.signed_in("police").get(f"/papers/{paper}").text
        code = _issue(keyed, paper)
        page = keyed.signed_in("police").get(f"/papers/{paper}").text
        assert all(f"/papers/{paper}/amend/{act}" in page for act in ("correction", "revocation"))
        assert (
            f"/papers/{paper}/amend/" not in keyed.signed_in("chair").get(f"/papers/{paper}").text
        )

        letter = _drafted(_amend(keyed, paper, "correction", **ERRATA))
        # It lists no file that could go back.
        for address in (f"/papers/{letter}", f"/papers/{letter}/moves/discard"):
            told = keyed.signed_in("police").get(address).text
            assert "văn bản mà nó nói đến vẫn như cũ" in told
            assert "trở về bước trước" not in told
        _issue(keyed, letter)
        told = _checked(keyed, code)
        assert (told["verdict"], told["in_force"]) == ("genuine", True)
        assert [change["act"] for change in told["changes"]] == ["correction"]
        public, police = keyed.client(), keyed.signed_in("police")
        its_own = keyed.do(lambda s: s.scalar(select(Paper.code).where(Paper.id == letter)))
        place = "Tại Điều 4: đã viết “nhâm dân”, nay sửa lại là “nhân dân”."
        for reader, address in (
            (public, f"/p/{code}"),
            (public, f"/p/{its_own}"),
            (police, f"/papers/{paper}"),
            (police, f"/papers/{letter}"),
        ):
            assert place in reader.get(address).text, address
        corrected = "Văn bản thật, đang có hiệu lực, đã được đính chính"
        assert corrected in public.get(f"/p/{code}").text
        assert corrected not in public.get(f"/p/{its_own}").text
        assert [change["errata"] for change in told["changes"]] == [
            [{"place": "Điều 4", "printed": "nhâm dân", "correct": "nhân dân"}]
        ]

        sent = {"nature": "content", "wrong": "Thừa một thôn", "right": "Chỉ có Thôn 1"}
        foretold = post(
            keyed.signed_in("police"),
            f"/papers/{paper}/amend/replacement",
            "/inbox",
            do="preview",
            nomination=str(first),
            **sent,
        ).text
        assert "1 khu dân cư không còn được công nhận" in foretold
        later = _drafted(_amend(keyed, paper, "replacement", nomination=str(first), **sent))
        later_code = _issue(keyed, later)
        told = _checked(keyed, code)
        assert (told["verdict"], told["issued"], told["in_force"]) == ("not_in_force", True, False)
        assert all(signature["valid"] for signature in told["signatures"])
        page = keyed.client().get(f"/p/{code}").text
        assert "Đã được thay thế bởi" in page
        assert f"/p/{later_code}" in page
        assert "Văn bản này thay thế" in keyed.client().get(f"/p/{later_code}").text

        revocation = _drafted(_amend(keyed, later, "revocation", reason="Số liệu không đúng"))
        _issue(keyed, revocation)
        page = keyed.client().get(f"/p/{later_code}").text
        assert "Đã bị thu hồi bởi" in page
        assert "Số liệu không đúng" in page
        assert _checked(keyed, later_code)["changes"][-1]["effect_on"] == "2026-03-08"

        _register(keyed, tmp_path)


def _register(site: Site, folder: Path) -> None:
    """The register tells all of it, on the page, in print, as a file, as a table."""
    clerk = site.signed_in("clerk")
    found = re.findall(r'href="(/registers/\d+)"', clerk.get("/registers").text)
    pages = {address: clerk.get(address).text for address in found}
    (address,) = [a for a, text in pages.items() if "Đã được thay thế bởi" in text]
    printed = clerk.get(f"{address}/print").text
    assert "Thay thế bằng Quyết định số 02/QĐ-UBND, 08/03/2026" in printed
    assert "Thu hồi bằng Quyết định số 03/QĐ-UBND, 08/03/2026" in printed
    assert "Đính chính bằng Công văn số 01/UBND-VP" in printed
    table = clerk.get(f"{address}.csv").data.decode("utf-8-sig").splitlines()
    assert len(table) == 1 + 3
    assert clerk.get(f"{address}.pdf").data.startswith(b"%PDF-")
    assert clerk.get(f"{address}.pdf?volume=2").status_code == 422
    assert site.signed_in("clerk-16096").get(f"{address}.pdf").status_code == 403
    settings = site.app.extensions["settings"]
    shell = Shell(settings.var, {"BINHXET_DATABASE_URL": settings.database_url})
    number = address.rsplit("/", 1)[-1]
    told = shell("registers", "list", "--json").json
    then = ("registers", "list", "--unit", "401", "--json", "--on")
    assert shell(*then, "1990-01-01", expect=1).json["code"] == "unknown_unit"
    assert {one["last"] for one in told} == {3, 1}
    shell("registers", "print", number, folder / "book.csv")
    assert (folder / "book.csv").read_bytes().decode("utf-8-sig").splitlines() == table
    shell("registers", "print", number, folder / "book.pdf", "--volume", 2, expect=1)
    assert not (folder / "book.pdf").exists()


@pytest.mark.parametrize("who", ["chair", "clerk", "hamlet", "police-16096", "auditor"])
def test_the_form_is_only_for_those_who_may_draft(keyed: Site, who: str) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _decide(keyed, subject)
        address = f"/papers/{paper}/amend/revocation"
        assert keyed.signed_in(who).get(address).status_code == 403
        assert post(keyed.signed_in(who), address, "/inbox", reason="Không được").status_code == 403


def test_what_is_wrong_is_said_at_its_place_and_nothing_typed_is_lost(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _decide(keyed, subject)
        refused = _amend(keyed, paper, "revocation", reason="Chưa ban hành mà")
        assert refused.status_code == 422
        assert "Chưa ban hành mà" in refused.text
        assert "không còn gì để sửa" in refused.text
        bad = {**ERRATA, "errata.1.correct": "", "nature": "content"}
        answer = _amend(keyed, paper, "correction", **bad)
        assert answer.status_code == 422
        assert 'href="#errata.1.correct"' in answer.text
        assert "hãy ra văn bản thay thế" in answer.text
        assert "nhâm dân" in answer.text


def test_the_command_line_tells_beforehand_drafts_and_refuses(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    settings = keyed.app.extensions["settings"]
    shell = Shell(settings.var, {"BINHXET_DATABASE_URL": settings.database_url})
    with at(6):
        paper = _decide(keyed, subject)
        act = ("papers", "amend", paper, "revocation", "--as", "police", "--json")
        data = ("--data", '{"reason": "Số liệu không đúng"}')
        for words in (data, ("--dry-run",)):
            refused = shell(*act, *words, expect=1)
            assert "amended_not_in_force" in refused.out + refused.err
        _issue(keyed, paper)
        hamlet = ("papers", "amend", paper, "revocation", "--as", "hamlet", "--json")
        barred = shell(*hamlet, "--dry-run", expect=1)
        assert "not_yours" in barred.out + barred.err
        foretold = shell(*act, "--dry-run").json
        assert [one["id"] for one in foretold["lost"]] == [subject]
        for day, code in (("x", "not_a_date"), ("2020-01-01", "effect_before_issue")):
            wrong = ("--data", json.dumps({"reason": "Sai", "effect_on": day}))
            told = [shell(*act, *wrong, *words, expect=1) for words in ((), ("--dry-run",))]
            assert told[0].out + told[0].err == told[1].out + told[1].err
            assert code in told[1].out + told[1].err
        assert shell(*act, *data, "--dry-run").json == foretold
        drafted = shell(*act, *data, "--key", "once").json
        assert drafted["state"] == "drafted"
        assert shell(*act, *data, "--key", "once").json["again"]
        shown = shell("papers", "show", drafted["id"], "--json").json
        assert (shown["amends"]["act"], shown["amends"]["id"]) == ("revocation", paper)
        assert shell("papers", "resting", "--json").json == []


@pytest.mark.parametrize(
    ("after", "said"),
    [(0, "không còn được công nhận; chuỗi năm đạt 1 → 0"), (1, "chuỗi năm đạt vẫn là 1")],
)
def test_what_is_lost_by_a_paper_alone_is_not_told_as_the_year(after: int, said: str) -> None:
    lost = {"area_name": "Thôn 1", "streak": 1, "streak_after": after, "heirs": []}
    later = {"area": "Thôn 1", "year": 2012, "level": "district", "level_after": "commune"}
    later |= {"number": "", "streak": 3, "streak_after": 2}
    line, level = _foretold({"lost": [lost], "unreached": [later], "dependents": []})
    assert line.startswith("Thôn 1: ")
    assert line.endswith(said)
    assert "cấp huyện khi đủ 3 năm liên tục; còn 2 năm thì chỉ đủ cho cấp xã" in level


def test_the_list_of_papers_that_lost_their_ground_is_empty_at_first(site: Site) -> None:
    page = site.signed_in("clerk").get("/papers/resting").text
    assert "Không có văn bản nào như vậy" in page
