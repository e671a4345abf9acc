"""Past results on the administrator's page: tried, names chosen, loaded; and an area's page."""

from __future__ import annotations

import re
from io import BytesIO

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.web.conftest import Site, post
from workflows.results import Result

PAGE = "/admin/history"
SHEET = "Năm,Mã xã,Thôn,Kết quả\n2018,16144,Xóm 1,đạt\n2018,16144,Thôn 2,đạt\n"


def send(client: FlaskClient, text: str) -> TestResponse:
    return post(client, PAGE, PAGE, file=(BytesIO(text.encode()), "cũ.csv"), do="try")


def kept(page: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def results(site: Site) -> int:
    query = select(func.count()).select_from(Result).where(Result.year == 2018)
    return int(site.do(lambda session: session.scalar(query)))


def test_a_sheet_is_tried_a_name_chosen_and_then_loaded(site: Site) -> None:
    client = site.signed_in("admin")
    tried = send(client, SHEET)
    assert tried.status_code == 200
    assert "Chưa ghi gì" in tried.text
    assert 'value="load"' not in tried.text
    note = kept(tried.text)
    choice = {"unit:16144/Xóm 1": "16144-01"}
    ready = post(client, PAGE, PAGE, kept=note, do="try", **choice)
    assert "Ghi 2 kết quả" in ready.text
    assert results(site) == 0
    assert 'name="unit:16144/Xóm 1" value="16144-01"' in ready.text
    assert post(client, PAGE, PAGE, kept=note, do="load").status_code == 422
    done = post(client, PAGE, PAGE, kept=kept(ready.text), do="load", **choice)
    assert (done.status_code, results(site)) == (303, 2)
    assert "Đã ghi 2 kết quả mới" in client.get(PAGE).text


def test_what_is_wrong_is_told_at_its_cell_or_for_the_whole_file(site: Site) -> None:
    client = site.signed_in("admin")
    assert "ô D2" in send(client, SHEET.replace("Xóm 1,đạt", "Thôn 1,tốt")).text
    assert send(client, "a,b\n1,2\n").status_code == 422
    assert post(client, PAGE, PAGE, kept="forged", do="load").status_code == 422
    assert client.get(f"{PAGE}/template.csv").data.startswith("\ufeffNăm,Mã xã".encode())
    assert client.get(f"{PAGE}/template.pdf").status_code == 422


def test_only_the_administrator_takes_results_over(site: Site) -> None:
    assert site.signed_in("police").get(PAGE).status_code == 403
    assert site.signed_in("auditor").get(PAGE).status_code == 403


def test_an_area_shows_its_years_and_its_streak(site: Site) -> None:
    client = site.client()
    link = re.search(r'href="(/areas/\d+)"', client.get("/?q=nga an").text)
    assert link is not None
    page = client.get(link[1]).text
    assert "2 năm đạt liên tục, tính đến năm 2017" in page
    assert page.count('class="year-tile') == 2
    assert "Không phải 3 vì năm 2015 Thôn 1 không có kết quả" in page
    assert "1 năm đạt liên tục" in client.get(f"{link[1]}?year=2016").text
    assert client.get("/areas/1").status_code == 404


def test_the_police_revoke_a_year_taken_over_on_its_page(site: Site) -> None:
    link = site.do(
        lambda session: session.scalar(
            select(Result.id).where(Result.year == 2017).order_by(Result.area_id).limit(1)
        )
    )
    page = f"/results/{link}/revocation"
    client = site.signed_in("police")
    assert page in client.get(f"/results/{link}").text
    assert "2 → 0" in client.get(page).text
    told = {"number": "5/QĐ-UBND", "decided_on": "10/01/2026", "authority": "UBND xã"}
    assert post(client, page, page, do="record", **told).status_code == 422
    told["reason"] = "Kê khai không đúng"
    assert 'value="record"' in post(client, page, page, do="preview", **told).text
    assert post(client, page, page, do="record", **told).status_code == 303
    assert "Kê khai không đúng" in client.get(f"/results/{link}").text
    assert client.get(page).status_code in (409, 422)
    assert site.signed_in("admin").get(page).status_code == 403
