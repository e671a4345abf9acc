"""Records on the pages: who enters them, what is refused and kept, where they are shown."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.web import world
from tests.web.conftest import REGISTRATION, Site, post
from workflows.records.book import Record

GROUP = {"kind": "security_group", "year": "2026", "source": "Sổ của thôn"}


def enter(client: FlaskClient, unit: int, **more: str) -> TestResponse:
    form = {**GROUP, "unit": str(unit), "measures.members": "160", **more}
    return post(client, "/records", page="/inbox", **form)


def unit(site: Site, code: str = "16144-01") -> int:
    return int(site.do(lambda session: world.unit_id(session, code)))


def records(site: Site) -> int:
    return int(site.do(lambda session: len(session.scalars(select(Record)).all())))


def test_a_head_enters_corrects_and_withdraws_and_the_history_tells(site: Site) -> None:
    area, client = unit(site), site.signed_in("hamlet")
    assert "Tổ an ninh xã hội" in client.get(f"/records/new?unit={area}").text
    assert 'name="measures.members"' in client.get("/records/new?kind=security_group").text
    answer = enter(client, area)
    assert answer.status_code == 303
    shown = answer.location
    assert "160" in client.get(shown).text
    number = shown.rpartition("/")[2]
    assert 'value="160"' in client.get(f"{shown}/correct").text
    better = enter(client, area, corrects=number, **{"measures.members": "~170"})
    assert better.status_code == 303
    assert "khoảng 170" in client.get("/records").text
    assert "Xem dòng mới nhất" in client.get(shown).text
    again = enter(client, area, corrects=number)
    assert again.status_code == 409
    gone = post(client, f"{better.location}/withdraw", page="/inbox", reason="ghi nhầm")
    assert gone.status_code == 303
    assert "khoảng 170" not in client.get("/records").text
    assert "ghi nhầm" in client.get(shown).text
    assert records(site) == 3


def test_what_cannot_be_read_is_told_and_what_was_typed_is_kept(site: Site) -> None:
    area, client = unit(site), site.signed_in("hamlet")
    typed = {"measures.members": "một trăm", "source_on": "19/08/2026"}
    answer = enter(client, area, year="năm nay", source="", **typed)
    assert answer.status_code == 422
    day = 'type="text" id="source_on" name="source_on" value="19/08/2026"'  # a date would be blank
    for kept in (day, "năm nay", "một trăm", "Không đọc được con số này", "Không đọc được ngày"):
        assert kept in answer.text
    assert 'href="#measures-members"' in answer.text
    assert records(site) == 0


def test_nobody_enters_or_reads_what_is_not_theirs(site: Site) -> None:
    area, commune = unit(site), unit(site, "16144")
    made = enter(site.signed_in("hamlet"), area).location
    for who in ("hamlet-16144-02", "police-16096"):
        client = site.signed_in(who)
        assert enter(client, area).status_code == 403
        assert client.get(made).status_code == 403
        assert client.get(f"/records?unit={area}").status_code == 403
        assert client.get(f"/records.csv?unit={area}").status_code == 403
    hamlet = site.signed_in("hamlet")
    assert hamlet.get(f"/records?unit={commune}").status_code == 403
    assert hamlet.get("/records/new?kind=settled").status_code == 403
    assert hamlet.get("/records?kind=boats").status_code == 404
    for who, status in (("police", 303), ("chair", 403), ("auditor", 403)):
        client = site.signed_in(who)
        assert client.get(made).status_code == 200
        assert enter(client, area, year="2025").status_code == status, who
    police = site.signed_in("police")
    for gone in ("/records/999", "/records?kind=nothing", "/records.csv?kind=nothing"):
        assert police.get(gone).status_code == 404


def test_the_table_of_what_is_below_opens_in_spreadsheets(site: Site) -> None:
    enter(site.signed_in("hamlet"), unit(site), source="=cmd")
    table = site.signed_in("police").get("/records.csv?below=1").text
    assert table.startswith("\ufeffĐơn vị,Loại,")
    assert "Thôn 1,Tổ an ninh xã hội,,2026-01-01,2026-12-31,,Thành viên,160,'=cmd" in table


def test_an_announcement_shows_the_list_of_the_year_it_praises(site: Site) -> None:
    commune, client = unit(site, "16144"), site.signed_in("police")
    form = {
        "unit": str(commune),
        "kind": "announcement",
        "on": "2025-08-19",
        "name": "Nhà văn hóa xã",
        "source": "Kế hoạch của xã",
        "measures.praised_year": "2024",
        "measures.certificates": "3",
    }
    answer = post(client, "/records", page="/inbox", **form)
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location).text
    assert "Danh sách biểu dương" in page
    assert "2.024" not in page


def test_recorded_figures_stand_beside_the_criterion_they_speak_to(site: Site) -> None:
    area, client = unit(site), site.signed_in("hamlet")
    enter(client, area)
    enter(client, area, year="2025", **{"measures.members": "155"})
    subject = site.open()
    site.move(subject, "hamlet", "register", **REGISTRATION)
    page = client.get(f"/nominations/{subject}/moves/complete_self_assessment").text
    assert "Số liệu đã ghi trong sổ" in page
    assert "Thành viên:</em> 160&nbsp;(155)" in page
