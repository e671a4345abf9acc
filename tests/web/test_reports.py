"""Reports on the pages: figures lead on, words are kept, files are made, doors stay shut."""

from __future__ import annotations

from io import BytesIO

from docx import Document
from openpyxl import load_workbook

from tests.web import world
from tests.web.conftest import Site, post, token_of


def unit(site: Site, code: str = "401") -> int:
    return int(site.do(lambda session: world.unit_id(session, code)))


def test_a_report_is_chosen_opened_and_its_figures_lead_to_results(site: Site) -> None:
    client = site.signed_in("district-police")
    assert 'action="/reports/decade"' in client.get("/reports").text
    page = client.get("/reports/recognition?from=2010&to=2017").text
    assert 'class="chart"' in page
    district = unit(site)
    address = f"/reports/results?unit={district}&amp;year=2017&amp;only=recognised"
    assert address in page
    behind = client.get(address.replace("&amp;", "&"))
    assert behind.status_code == 200
    assert "năm 2017" in behind.text
    assert client.get(f"/reports/overdue?unit={district}").status_code == 200
    assert client.get("/reports/decade?from=2025&to=2020").status_code == 422
    assert client.get("/reports/gossip").status_code == 404
    for asked in ("?unit=abc", "?to=999999999999", "/results?year=5", "/decade?from=hai"):
        assert client.get(f"/reports{asked}").status_code == 422, asked


def test_the_menu_offers_reports_to_who_may_read_some(site: Site) -> None:
    for username, reads in (("admin", False), ("auditor", True), ("district-police", True)):
        client = site.signed_in(username)
        offered = 'href="/reports"' in client.get("/inbox").text
        assert (offered, client.get("/reports").status_code == 200) == (reads, reads), username


def test_words_are_saved_without_a_script_and_by_one(site: Site) -> None:
    client, district = site.signed_in("district-police"), unit(site)
    page = f"/reports/annual?unit={district}&to=2025"
    asked = f"?unit={district}&from=2025&to=2025"
    place = f"/reports/annual/sections/judgement{asked}"
    answer = post(client, place, page=page, version="0", text="Phong trào đi vào nền nếp.")
    assert answer.status_code == 303
    assert answer.location.endswith("#section-judgement")
    assert "Phong trào đi vào nền nếp." in client.get(page).text
    form = {"csrf_token": token_of(client, page), "version": "1", "text": "Viết lại."}
    saved = client.post(place, data=form, headers={"Accept": "application/json"})
    assert saved.json is not None
    assert saved.json["version"] == 2
    late = post(client, place, page=page, version="1", text="Của người đến sau.")
    assert late.status_code == 409
    assert "Của người đến sau." in late.text
    assert "Có người vừa lưu phần này trước bạn" in late.text
    told = client.post(place, data=form | {"text": "x"}, headers={"Accept": "application/json"})
    assert told.status_code == 409
    assert post(client, f"/reports/annual/sections/outcome{asked}", page=page).status_code == 404


def test_a_report_is_read_from_above_and_written_where_it_belongs(site: Site) -> None:
    district = unit(site)
    page = f"/reports/annual?unit={district}&to=2025"
    place = f"/reports/annual/sections/place?unit={district}&from=2025&to=2025"
    for username, reads, writes in (
        ("district-police", 200, True),
        ("district-chair", 200, False),
        ("auditor", 200, False),
        ("police", 403, False),
        ("admin", 403, False),
    ):
        client = site.signed_in(username)
        shown = client.get(page)
        assert shown.status_code == reads, username
        assert ("data-passage" in shown.text) is writes, username
        answer = post(client, place, page="/inbox", version="0", text="Lời.")
        assert (answer.status_code == 303) is writes, username


def test_a_report_is_taken_along_as_a_file(site: Site) -> None:
    client = site.signed_in("district-police")
    asked = "/reports/recognition/file?from=2010&to=2017&format="
    document = client.get(asked + "docx")
    titles = [p for p in Document(BytesIO(document.data)).paragraphs if p.style.name == "Subtitle"]
    assert "Kết quả bình xét" in titles[0].text
    book = client.get(asked + "xlsx")
    assert "recognition-401-2010-2017.xlsx" in book.headers["Content-Disposition"]
    assert load_workbook(BytesIO(book.data)).sheetnames[-1] == "Nguồn số liệu"
    paper = client.get(asked + "pdf")
    assert paper.data.startswith(b"%PDF-")
    assert client.get(asked + "exe").status_code == 404
