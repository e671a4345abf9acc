"""Many papers on the pages: reviewed as one table, signed with one PIN, stopped and resumed."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from engine import outbox
from engine.db import writing
from engine.errors import Refusal, Refused
from engine.papers.book import Paper
from tests.web import world
from tests.web.calling import Shell
from tests.web.conftest import TODAY, Site, at, post
from tests.web.test_papers import PIN, propose
from tests.web.test_papers import _ready_to_sign as ready_to_sign
from web.extensions import bureau
from workflows import ceremonies, decisions
from workflows.ceremonies import Held
from workflows.people import Appointment
from workflows.sitting import Sitting


@pytest.fixture
def papers(keyed: Site) -> Iterator[list[int]]:
    """Two decisions, each of one area, that wait for the chair."""
    first = propose(keyed, "16144-01", "hamlet")
    second = propose(keyed, "16144-02", "hamlet-16144-02")
    with at(6):
        # One form is one draft: the second nomination is drafted with a key of its own.
        ready = [ready_to_sign(keyed, first)]
        ready.append(_draft_beside(keyed, second))
        yield ready


def _draft_beside(site: Site, subject: int) -> int:
    def work(session: Any) -> int:
        police = world.person_id(session, "police")
        made = decisions.draft(session, bureau().house, police, "commune_decision", [subject])
        return made.subject_id

    paper = int(site.do(work))
    site.move(paper, "chair", "approve_content")
    site.move(paper, "clerk", "approve_format")
    site.do(lambda session: outbox.deliver_all(session, bureau().desk.handlers))
    return paper


def _end_offices_of_the_chair(session: Session) -> None:
    chair = world.person_id(session, "chair")
    ended = update(Appointment).where(Appointment.person_id == chair).values(ends_on=TODAY)
    with writing(session):
        session.execute(ended)


def _begin(client: FlaskClient, action: str = "sign", **more: Any) -> str:
    """The address of a new ceremony."""
    answer = post(client, f"/papers/{action}", "/inbox", **more)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def _send(client: FlaskClient, address: str, do: str, **more: Any) -> TestResponse:
    return post(client, address, "/inbox", do=do, **more)


def test_all_is_one_table_some_are_dropped_and_the_rest_is_signed_with_one_pin(
    keyed: Site, papers: list[int]
) -> None:
    first, second = papers
    chair = keyed.signed_in("chair")
    assert "Xem lại tất cả rồi ký một lượt" in chair.get("/inbox").text
    address = _begin(chair, key="a")
    page = chair.get(address).text
    assert "Xem lại và ký 2 văn bản" in page
    assert page.count("phần chung của 2 văn bản") == 1
    for paper, area in zip(papers, ("Thôn 1", "Thôn 2"), strict=True):
        assert f'name="paper" value="{paper}" checked' in page
        assert f"{area}, xã Nga An" in page
        assert f'href="/papers/{paper}/file"' in page
        found = keyed.do(lambda s, p=paper: bureau().desk.latest(s, p))
        assert " ".join(re.findall("....", found.sha256[:16])) in page
    assert len(set(re.findall(r'href="(/nominations/\d+)"', page))) == 2
    shown = {"shown": [str(first), str(second)], "paper": [str(second)]}
    assert _send(chair, address, "page-1", **shown).status_code == 303
    assert f'name="paper" value="{first}">' in chair.get(address).text
    wrong = _send(chair, address, "start", pin="000000", **shown)
    assert (wrong.status_code, "000000" in wrong.text) == (422, False)
    assert "Mã PIN không đúng" in wrong.text
    assert "Chưa bắt đầu" in wrong.text
    done = chair.get(_send(chair, address, "start", pin=PIN, **shown).location).text
    assert "Đã ký 1 trên 1" in done
    assert "Để lại, chưa ký" in done
    # Sent again, it is answered like the first time.
    again = _send(chair, address, "start", pin=PIN, **shown)
    assert "Đã ký 1 trên 1" in chair.get(again.location).text
    assert keyed.signed_in("clerk").get(address).status_code == 403
    assert chair.get("/ceremonies/nothing").status_code == 404
    keyed.do(_end_offices_of_the_chair)
    assert chair.get(address).status_code == 403


def test_another_window_is_told_what_was_looked_at_and_takes_it_up_or_drops_it(
    keyed: Site, papers: list[int]
) -> None:
    first, second = papers
    chair = keyed.signed_in("chair")
    address = _begin(chair, key="a")
    assert _begin(chair, key="b") == address  # nothing was chosen in it: it is the same
    _send(chair, address, "page-1", shown=[str(first), str(second)], paper=str(second))
    asked = post(chair, "/papers/sign", "/inbox", key="c")
    assert asked.status_code == 409
    assert "Đã có 1 đợt ký lập trước, chưa bắt đầu" in asked.text
    assert "1 văn bản đang chọn; 1 văn bản bạn đã để lại." in asked.text
    assert f'href="{address}"' in asked.text
    assert f'name="paper" value="{first}">' in chair.get(address).text
    # One paper signed by itself, with its PIN, leaves the other window as it is.
    _begin(chair, pin=PIN, key="d", paper=str(first))
    assert f'name="paper" value="{second}" checked' in chair.get(address).text
    asked = post(chair, "/papers/sign", "/inbox", key="c", paper=[str(second), "99999"])
    (instead,) = re.findall(r'name="instead" value="(\w+)"', asked.text)
    assert address.endswith(instead)
    anew = _begin(chair, key="c", paper=str(second), instead=instead)
    assert anew != address
    gone = _send(chair, address, "start", pin=PIN)
    assert (gone.status_code, "ở một cửa sổ khác để lập đợt mới" in gone.text) == (404, True)


def test_a_start_that_another_window_made_first_is_told_as_what_it_is(
    keyed: Site, papers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(_session: Session, _desk: Any, held: Held, _pin: str) -> Any:
        keyed.do(lambda session: ceremonies.start(session, held, "f" * 64))
        raise Refused(Refusal("ceremony_running"))

    monkeypatch.setattr("web.ceremonies.conducting.begun", overtaken)
    chair = keyed.signed_in("chair")
    told = _send(chair, _begin(chair, key="a"), "start", pin=PIN)
    assert told.status_code == 422
    assert "Không làm hai lần cùng lúc" in told.text
    assert f"Đang làm: xong 0, còn {len(papers)}" in told.text
    assert "Chưa bắt đầu" not in told.text


def test_what_goes_on_beside_the_page_is_told_stopped_and_resumed(
    keyed: Site, papers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.ceremonies.AT_ONCE", 1)
    monkeypatch.setattr("web.ceremonies.PAGE", 1)
    reached, go_on = threading.Event(), threading.Event()
    sign = Sitting.sign

    def slow(sitting: Sitting, *given: Any) -> Any:
        reached.set()
        assert go_on.wait(60)
        return sign(sitting, *given)

    monkeypatch.setattr(Sitting, "sign", slow)
    chair = keyed.signed_in("chair")
    address = _begin(chair, key="a")
    assert "Trang 1 trên 2" in chair.get(address).text
    _send(chair, address, "start", pin=PIN, shown=str(papers[0]), paper=str(papers[0]))
    assert reached.wait(60)
    going = chair.get(address).text
    assert "Đang làm: xong 0, còn 2" in going
    assert 'http-equiv="refresh"' in going
    assert _send(chair, address, "start", pin=PIN).status_code == 422  # not twice at once
    _send(chair, address, "stop")
    (thread,) = (one for one in threading.enumerate() if one.name.startswith("ceremony"))
    go_on.set()
    thread.join(60)
    paused = chair.get(address).text
    assert "Đang dừng: xong 1, còn 1" in paused
    assert "Bạn đã bấm dừng." in paused
    assert "Đợt ký còn dở" in chair.get("/inbox").text
    done = _send(chair, address, "start", pin=PIN)
    assert "Đã ký 2 trên 2" in chair.get(done.location).text


def test_a_clerk_issues_in_the_order_of_the_table_and_may_end_early(
    keyed: Site, papers: list[int]
) -> None:
    chair, clerk = keyed.signed_in("chair"), keyed.signed_in("clerk")
    named = {"paper": [str(paper) for paper in [*papers, 99999]]}
    told = chair.get(_begin(chair, pin=PIN, key="s", **named)).text
    assert "Đã ký 2 trên 2" in told
    assert "không chờ bạn" in told
    address = _begin(clerk, "issue", key="i")
    assert chair.get(address).status_code == 403
    issued = clerk.get(_send(clerk, address, "start", pin=PIN).location).text
    assert "Đã phát hành 2 trên 2" in issued
    numbers = keyed.do(
        lambda s: s.execute(select(Paper.id, Paper.number_text).where(Paper.id.in_(papers))).all()
    )
    assert dict(map(tuple, numbers)) == dict(zip(papers, ("01/QĐ-UBND", "02/QĐ-UBND"), strict=True))
    assert "số 02/QĐ-UBND" in issued
    assert _send(clerk, address, "close").status_code == 422
    assert post(clerk, "/papers/issue", "/inbox", key="n").location == "/inbox"


def test_the_command_line_signs_a_batch_and_goes_on_with_it(
    keyed: Site, papers: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = papers
    url = keyed.app.config["SQLALCHEMY_DATABASE_URI"]
    shell = Shell(tmp_path, {"BINHXET_DATABASE_URL": url})
    wrong = shell("papers", "batch", "sign", "--as", "chair", "--pin-stdin", stdin="0\n", expect=1)
    assert "[wrong_pin]" in wrong.err
    sign = Sitting.sign

    def interrupted(sitting: Sitting, paper: int, *given: Any) -> Any:
        if paper == second:
            raise KeyboardInterrupt
        return sign(sitting, paper, *given)

    words = ("--as", "chair", "--pin-stdin", "--json")
    with monkeypatch.context() as patch:
        patch.setattr(Sitting, "sign", interrupted)
        told = shell("papers", "batch", "sign", *papers, 999, *words, stdin=f"{PIN}\n", expect=1)
    outcomes = [(one["id"], one["outcome"], one["code"]) for one in told.json["papers"]]
    assert outcomes == [
        (first, "done", None),
        (second, "waiting", None),
        (999, "failed", "not_waiting"),
    ]
    code = told.json["code"]
    assert (told.json["state"], told.json["halt"]) == ("paused", "interrupted")
    done = shell("papers", "batch", "resume", code, *words, stdin=f"{PIN}\n")
    assert (done.json["state"], done.json["counts"]["done"]) == ("ended", 2)
    shown = shell("papers", "batch", "show", code, "--as", "chair")
    assert shown.out.count("done") >= 2
    issued = shell("papers", "batch", "issue", "--as", "clerk", "--pin-stdin", stdin=f"{PIN}\n")
    assert "02/QĐ-UBND" in issued.out
    refused = shell("papers", "batch", "issue", "--as", "clerk", "--pin", PIN, expect=1)
    assert "[nothing_chosen]" in refused.err
