"""The papers on the pages: drafted, read, signed and issued with a PIN, checked by anybody."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import outbox
from engine.papers.book import Paper
from engine.store import BlobStore
from engine.subjects import Link
from tests.web import hamlet
from tests.web.conftest import Site, at, post
from web import answers
from web.extensions import bureau
from workflows.queries import cases

PIN = "246810"


def propose(site: Site, code: str, head: str) -> int:
    """A nomination brought to where the commune may decide, in ten days."""
    subject = hamlet.to_called(site, code, head)
    with at(5):
        hamlet.count(site, subject, head)
        hamlet.submit(site, subject, head)
        verdicts = {row: {"met": True} for row in hamlet.ROWS}
        site.move(subject, "police", "record_appraisal", verdicts=verdicts)
        site.move(
            subject,
            "committee",
            "record_committee_opinion",
            opinion_form="meeting",
            held_on=hamlet.day(5),
            members=20,
            members_present=18,
            members_agreed=18,
        )
    return subject


def _work(site: Site) -> None:
    site.do(lambda session: outbox.deliver_all(session, bureau().desk.handlers))


def _draft(site: Site, *subjects: int, key: str = "draft-1") -> int:
    client = site.signed_in("police")
    answer = post(
        client,
        "/papers",
        "/inbox",
        kind="commune_decision",
        nomination=[str(subject) for subject in subjects],
        key=key,
    )
    assert answer.status_code == 303, answer.text
    return int(answer.location.rsplit("/", 1)[-1])


def _ready_to_sign(site: Site, *subjects: int) -> int:
    paper = _draft(site, *subjects)
    site.move(paper, "chair", "approve_content")
    site.move(paper, "clerk", "approve_format")
    _work(site)
    return paper


def test_what_is_ready_is_put_into_one_decision_with_one_button(keyed: Site) -> None:
    first = propose(keyed, "16144-01", "hamlet")
    second = propose(keyed, "16144-02", "hamlet-16144-02")
    with at(6):
        page = keyed.signed_in("police").get("/inbox").text
        assert "Lập quyết định" in page
        assert page.count('name="nomination"') == 2
        paper = _draft(keyed, first, second)
        listed = keyed.do(
            lambda s: s.scalars(select(Link.subject_id).where(Link.paper_id == paper)).all()
        )
        assert sorted(listed) == [first, second]
        again = keyed.signed_in("police").get("/inbox").text
        assert "Lập quyết định" not in again


def test_what_is_ready_has_a_page_of_its_own_when_it_is_much(
    keyed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.inbox.READY_AT_ONCE", 1)
    ids = [propose(keyed, "16144-01", "hamlet"), propose(keyed, "16144-02", "hamlet-16144-02")]
    with at(6):
        police = keyed.signed_in("police")
        page = police.get("/inbox").text
        assert "hơn 1" in page
        assert 'name="nomination"' not in page
        # What is not shown in the group still stands in the list of what waits.
        assert all(f'href="/nominations/{subject}"' in page for subject in ids)
        whole = police.get("/papers/new?kind=commune_decision")
        assert "/papers/new?kind=commune_decision" in page
        assert all(f'name="nomination" value="{subject}"' in whole.text for subject in ids)
        assert "Lập quyết định" in whole.text
        nothing = keyed.signed_in("clerk").get("/papers/new?kind=commune_decision")
        assert "Không có hồ sơ nào chờ" in nothing.text
        for unknown in ("", "minutes", "nothing"):
            assert police.get(f"/papers/new?kind={unknown}").status_code == 404


def test_a_file_that_waits_for_a_draft_offers_it_and_never_says_it_does_not_wait(
    site: Site,
) -> None:
    first = propose(site, "16144-01", "hamlet")
    second = propose(site, "16144-02", "hamlet-16144-02")
    offer = f"/papers/new?kind=commune_decision&amp;nomination={second}"
    with at(6):
        police = site.signed_in("police")
        page = police.get(f"/nominations/{second}").text
        assert offer in page
        assert "Lúc này hồ sơ không chờ bạn" not in page
        others = site.signed_in("hamlet-16144-02").get(f"/nominations/{second}").text
        assert "/papers/new" not in others
        choice = police.get(html.unescape(offer)).text
        assert f'value="{second}" checked' in choice
        assert f'value="{first}" checked' not in choice
        site.move(second, "committee", "reconsider", reason="Cần xem lại số liệu")
        refusal = {"reasons": ["Còn một vụ việc chưa xong"]}
        site.move(second, "committee", "propose_refusal", **refusal)
        page = police.get(f"/nominations/{second}").text
        assert f"/papers/new?kind=refusal_notice&amp;nomination={second}" in page
        assert "Lập thông báo" in page


def test_every_list_of_papers_tells_which_areas_they_are_about(keyed: Site) -> None:
    first = propose(keyed, "16144-01", "hamlet")
    others = [propose(keyed, f"16144-0{n}", f"hamlet-16144-0{n}") for n in (2, 3, 4)]
    one, many = "công nhận của xã · Thôn 1 ·", "công nhận của xã · Thôn 2, Thôn 3 và 1 khu khác ·"
    with at(6):
        paper = _ready_to_sign(keyed, first)
        _draft(keyed, *others, key="draft-2")
        chair = keyed.signed_in("chair")
        page = chair.get("/inbox").text
        assert one in page
        assert many in page
        police = keyed.signed_in("police").get("/inbox/others").text
        assert one in police
        assert many in police
        assert one in chair.get(f"/papers/{paper}").text.partition("</title>")[0]
        assert one in chair.get(f"/papers/{paper}/moves/sign").text
        form = {"paper": str(paper), f"version.{paper}": "3", "pin": PIN, "key": "k-1"}
        done = post(chair, "/papers/sign", "/inbox", **form)
        assert "Thôn 1, xã Nga An" in chair.get(done.location).text
        form |= {f"version.{paper}": "4", "key": "k-2"}
        clerk = keyed.signed_in("clerk")
        done = post(clerk, "/papers/issue", "/inbox", **form)
        assert "Thôn 1, xã Nga An" in clerk.get(done.location).text
        register = re.search(r'href="(/registers/\d+)"', clerk.get("/registers").text)
        assert register
        assert one in clerk.get(register.group(1)).text


def test_a_file_in_a_paper_waits_on_whom_the_paper_waits_on(site: Site) -> None:
    subject = propose(site, "16144-01", "hamlet")
    with at(6):
        paper = _draft(site, subject)
        for who, action, office in (
            ("chair", "approve_content", "commune_chair"),
            ("clerk", "approve_format", "clerk"),
        ):
            page = site.signed_in(who).get(f"/nominations/{subject}").text
            assert f'href="/papers/{paper}"><span>Mở văn bản để làm tiếp' in page
            assert page.count('class="pending-role"') == 1
            other = site.signed_in("police").get(f"/nominations/{subject}").text
            assert f'nằm trong văn bản: <a href="/papers/{paper}">' in other
            assert "Mở văn bản để làm tiếp" not in other
            told = site.do(lambda session: _told(session, subject))
            assert [one["role"] for one in told["waiting_on"]] == [office]
            site.move(paper, who, action)


def _told(session: Session, subject: int) -> dict[str, Any]:
    case = cases.nomination(session, subject)
    assert case is not None
    return answers.nomination(session, bureau().house, case, "vi")


def test_a_paper_is_signed_and_issued_with_a_pin_and_anybody_can_check_it(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _ready_to_sign(keyed, subject)
        chair = keyed.signed_in("chair")
        assert "Chờ bạn ký" in chair.get("/inbox").text
        wrong = post(chair, "/papers/sign", "/inbox", paper=str(paper), pin="000000", key="a")
        assert wrong.status_code == 422
        assert "Mã PIN không đúng" in wrong.text
        assert "000000" not in wrong.text
        good = post(chair, "/papers/sign", "/inbox", paper=str(paper), pin=PIN, key="b")
        assert "Đã ký 1 trên 1" in chair.get(good.location).text
        again = post(chair, "/papers/sign", "/inbox", paper=str(paper), pin=PIN, key="b")
        assert "Đã ký 1 trên 1" in chair.get(again.location).text
        clerk = keyed.signed_in("clerk")
        issued = post(clerk, "/papers/issue", "/inbox", paper=str(paper), pin=PIN, key="c")
        assert "Đã phát hành 1 trên 1" in clerk.get(issued.location).text
        _in_public(keyed, paper)


def _in_public(site: Site, paper: int) -> None:
    code = site.do(lambda s: s.scalar(select(Paper.code).where(Paper.id == paper)))
    public = site.client()
    page = public.get(f"/p/{code}")
    assert "Văn bản thật, đang có hiệu lực" in page.text
    assert "Mẫu" not in re.sub(r"<footer.*", "", page.text, flags=re.DOTALL).split("<main")[1]
    content = public.get(f"/p/{code}/file").data
    answer = public.post(
        "/verify",
        data={"file": (io.BytesIO(content), "a.pdf")},
        headers={"Accept": "application/json"},
    )
    told: dict[str, Any] = answer.get_json()
    assert told["issued"] and told["unchanged"] and told["in_force"]
    assert [s["role"] for s in told["signatures"]] == ["person", "seal"]
    altered = public.post("/verify", data={"file": (io.BytesIO(content + b" "), "a.pdf")})
    assert "Tệp đã bị sửa" in altered.text
    assert public.get_cookie("binhxet") is None


def test_a_wrong_pin_is_said_at_the_pin_and_never_shown_again(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _ready_to_sign(keyed, subject)
        client = keyed.signed_in("chair")
        address = f"/papers/{paper}/moves/sign"
        page = client.get(address).text
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version
        answer = post(
            client, address, "/inbox", version=version.group(1), key="k", pin="135791", do="send"
        )
        assert answer.status_code == 422
        assert "135791" not in answer.text
        answer = post(
            client, address, "/inbox", version=version.group(1), key="k", pin=PIN, do="send"
        )
        assert answer.status_code == 303


def test_a_paper_not_issued_says_nothing_of_itself_in_public(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _draft(keyed, subject)
        code = keyed.do(lambda s: s.scalar(select(Paper.code).where(Paper.id == paper)))
        page = keyed.client().get(f"/p/{code}").text
        assert "Văn bản này chưa được phát hành" in page
        assert "Thôn 1" not in page
        assert keyed.client().get(f"/p/{code}/file").status_code == 404


def test_what_is_only_recorded_never_leaves_the_office(keyed: Site) -> None:
    propose(keyed, "16144-01", "hamlet")
    rows = keyed.do(
        lambda s: s.execute(select(Paper.id, Paper.code, Paper.kind).order_by(Paper.id)).all()
    )
    assert {row.kind for row in rows} >= {"notice", "minutes", "submission"}
    with at(6):
        _work(keyed)
        head, stranger = keyed.signed_in("hamlet"), keyed.signed_in("police-16096")
        for row in rows:
            assert keyed.client().get(f"/p/{row.code}").status_code == 404
            assert head.get(f"/papers/{row.id}/file").mimetype == "application/pdf"
            assert stranger.get(f"/papers/{row.id}").status_code == 403
            assert stranger.get(f"/papers/{row.id}/file").status_code == 403


def test_a_paper_not_laid_out_yet_says_so(keyed: Site) -> None:
    propose(keyed, "16144-01", "hamlet")
    paper = keyed.do(lambda s: s.scalar(select(Paper.id).limit(1)))
    answer = keyed.signed_in("hamlet").get(f"/papers/{paper}/file")
    assert answer.status_code == 503
    assert "Bản in đang được lập" in answer.text


def test_discarding_a_draft_needs_its_reason(keyed: Site) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _draft(keyed, subject)
        client = keyed.signed_in("police")
        address = f"/papers/{paper}/moves/discard"
        sent = {"version": "1", "key": "d", "do": "send"}
        assert post(client, address, "/inbox", reason="", **sent).status_code == 422
        good = post(client, address, "/inbox", reason="Sai tên thôn", **sent)
        assert good.status_code == 303
        assert "Sai tên thôn" in client.get(f"/papers/{paper}").text


def _full(*_told: object) -> None:
    raise OSError("no space left")


def test_a_clerk_voids_a_number_with_a_reason_and_nobody_else_does(
    keyed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = propose(keyed, "16144-01", "hamlet")
    with at(6):
        paper = _ready_to_sign(keyed, subject)
        with monkeypatch.context() as broken:
            broken.setattr(BlobStore, "_write", _full)
            sent = {"version": "1", "key": "s", "do": "send", "pin": PIN}
            away = post(keyed.signed_in("chair"), f"/papers/{paper}/moves/sign", "/inbox", **sent)
            assert (away.status_code, "Kho tệp của hệ thống" in away.text) == (503, True)
        post(keyed.signed_in("chair"), "/papers/sign", "/inbox", paper=str(paper), pin=PIN, key="s")
        clerk = keyed.signed_in("clerk")
        post(clerk, "/papers/issue", "/inbox", paper=str(paper), pin=PIN, key="i")
        register = re.search(r'href="(/registers/\d+)"', clerk.get("/registers").text)
        assert register
        address = register.group(1)
        short = post(clerk, f"{address}/void", "/inbox", number="2", reason="xyz")
        assert short.status_code == 422
        assert 'value="xyz"' in short.text
        for reason in ("\u200b" * 12, "abc\0\u202edef", "In hỏng 🏠"):
            unfit = post(clerk, f"{address}/void", "/inbox", number="2", reason=reason)
            assert unfit.status_code == 422
        void = {"number": "2", "reason": "In hỏng, đã hủy bản in"}
        answer = post(clerk, f"{address}/void", "/inbox", **void)
        assert answer.status_code == 303
        again = post(clerk, f"{address}/void", "/inbox", **void)
        assert again.status_code == 409  # a second tap voids no second number
        page = clerk.get(address).text
        assert "In hỏng, đã hủy bản in" in page
        for who, status in (("chair", 403), ("clerk-16096", 403), ("auditor", 403)):
            client = keyed.signed_in(who)
            denied = post(client, f"{address}/void", "/inbox", number="3", reason="Không được phép")
            assert denied.status_code == status, who
