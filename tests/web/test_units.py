"""The pages of units: looked up, an act seen beforehand and then recorded, a sheet tried."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from engine.db import writing
from tests.unguarded import unguard
from tests.web.conftest import Site, post, token_of
from web import unit_orders
from workflows import units
from workflows.exchange import xlsx
from workflows.nominations import Nomination
from workflows.units import by_code

DEED = {"effective_on": "2026-03-01", "number": "5/NQ-HĐND", "confidence": "text"}
RENAME = DEED | {"units": "16144", "name_0": "Nga An Mới"}
ACT = "/admin/units/acts/rename"


def test_units_are_found_without_diacritics_and_by_code(site: Site) -> None:
    client = site.signed_in("admin")
    assert "Xã Nga An" in client.get("/admin/units?q=nga+an&kind=commune").text
    assert "Xã Nga An" in client.get("/admin/units?q=1614").text
    assert "Xã Nga An" not in client.get("/admin/units?q=zzz").text
    assert client.get("/admin/units/999999").status_code == 404


def test_an_act_is_seen_before_it_is_recorded(site: Site) -> None:
    client = site.signed_in("admin")
    seen = post(client, ACT, "/inbox", step="preview", **RENAME)
    assert seen.status_code == 200
    assert "Nga An Mới" in seen.text
    found = site.do(lambda s: by_code(s, "16144", "commune"))
    assert site.do(lambda s: len(units.spans_of(s, found.id))) == 1
    done = post(client, ACT, "/inbox", step="record", **RENAME)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert "5/NQ-HĐND" in page
    assert "Xã Nga An Mới" in page
    again = post(client, ACT, "/inbox", step="record", **RENAME)
    assert "không ghi lần thứ hai" in client.get(again.location).text
    assert site.do(lambda s: len(units.spans_of(s, found.id))) == 2


def test_a_reason_stands_at_its_input_and_nothing_typed_is_lost(site: Site) -> None:
    client = site.signed_in("admin")
    wrong = RENAME | {"units": "99999", "issued_on": "32/1/2026"}
    refused = post(client, ACT, "/inbox", step="record", **wrong)
    assert refused.status_code == 422
    assert 'id="issued_on-error"' in refused.text
    refused = post(client, ACT, "/inbox", step="record", **(RENAME | {"units": "99999"}))
    assert 'id="units-error"' in refused.text
    assert "Nga An Mới" in refused.text


def test_a_merger_draws_its_lineage(site: Site) -> None:
    client = site.signed_in("admin")
    areas = DEED | {"units": "16144-01, 16144-02"}
    new = {"name_0": "Thôn Hợp Nhất", "form_0": "thôn", "code_0": "16144-51", "parent_0": "16144"}
    address = "/admin/units/acts/merge"
    assert post(client, address, "/inbox", step="record", **areas, **new).status_code == 303
    made = site.do(lambda s: by_code(s, "16144-51", on=date(2026, 3, 1)).id)  # type: ignore[union-attr]
    page = client.get(f"/admin/units/{made}").text
    assert page.count("<rect") == 3 + 1, "the logo has one too"
    assert "nhập từ" in page


def test_a_school_is_recorded_with_its_category(site: Site) -> None:
    client = site.signed_in("admin")
    school = {"kind_0": "school", "name_0": "Trường Mẫu", "form_0": "trường", "code_0": "GD-1"}
    create = DEED | school | {"parent_0": "16144", "category_0": "lower_secondary"}
    address = "/admin/units/acts/create"
    seen = post(client, address, "/inbox", step="preview", **create)
    assert "trung học cơ sở" in seen.text
    assert "trường Trường Mẫu" not in seen.text
    refused = post(client, address, "/inbox", step="record", **create | {"category_0": "small"})
    assert 'id="category_0-error"' in refused.text
    assert post(client, address, "/inbox", step="record", **create).status_code == 303
    made = site.do(lambda s: by_code(s, "GD-1"))
    assert made.category == "lower_secondary"
    page = client.get(f"/admin/units/{made.id}").text
    assert page.count("trung học cơ sở") == 2, "today's, and that of its first days"


def test_a_sheet_is_tried_then_recorded_with_reasons_by_cell(site: Site) -> None:
    client = site.signed_in("admin")
    heads = ["Loại", "Mã", "Tên", "Mã cấp trên", "Từ ngày"]

    def send(step: str, *row: str) -> str:
        data = {
            "csrf_token": token_of(client, "/inbox"),
            "step": step,
            "file": (BytesIO(xlsx.write("Tờ 1", heads, [row])), "don-vi.xlsx"),
        }
        return client.post("/admin/units/sheet", data=data).text

    bad = send("try", "thôn", "16144-61", "Thôn 61", "999", "hôm qua")
    assert "Tờ 1 E2" in bad
    good = ("thôn", "16144-61", "Thôn 61", "16144", "1/1/2020")
    assert "Chưa ghi gì" in send("try", *good)
    assert "1 mới" in send("record", *good)
    assert site.do(lambda s: by_code(s, "16144-61")) is not None
    assert "no_such" not in client.get("/admin/units/sheet").text


@pytest.mark.parametrize("form", ["xlsx", "ods", "csv"])
def test_templates_are_handed_out(site: Site, form: str) -> None:
    client = site.signed_in("admin")
    assert client.get(f"/admin/units/template.{form}").data
    assert client.get("/admin/units/template.exe").status_code == 404


def test_only_the_administrator_changes_units(site: Site) -> None:
    auditor = site.signed_in("auditor")
    assert auditor.get("/admin/units").status_code == 200
    assert auditor.get(ACT).status_code == 403
    assert site.signed_in("chair").get("/admin/units").status_code == 403


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("orders.0.units.3", "units"),
        ("orders.0.into.2.parent", "parent_2"),
        ("orders.0.into.code", "code_0"),
        ("orders.0.into.1", "name_1"),
        ("orders.0.deed.issued_on", "issued_on"),
        ("orders.0.deed.issuer_unit", "issuer_unit"),
        ("orders.0.children.16144-01", "children"),
        ("orders.0.into", "name_0"),
        (None, ""),
    ],
)
def test_every_reason_has_its_input(field: str | None, name: str) -> None:
    assert unit_orders.place(field) == name


def test_children_are_typed_as_pairs() -> None:
    told = unit_orders.typed(DEED | {"units": "1", "children": "1-01 8\n1-02 → 9\n 1-03 = 8 "})
    made, wrong = unit_orders.order("split", told)
    assert wrong == []
    assert made is not None
    assert made.children == {"1-01": "8", "1-02": "9", "1-03": "8"}


def test_years_gone_by_are_told_with_the_names_of_then(site: Site) -> None:
    client = site.signed_in("admin")
    before = client.get("/").text
    assert post(client, ACT, "/inbox", step="record", **RENAME).status_code == 303
    commune = site.do(lambda s: by_code(s, "16144", "commune").id)  # type: ignore[union-attr]
    then = client.get(f"/places/{commune}?year=2025").text
    assert "<h1>Xã Nga An</h1>" in then
    assert "Xã Nga An Mới" in client.get(f"/admin/units/{commune}").text
    assert ("Nga An" in before) == ("Nga An" in client.get("/").text)


def test_the_timeline_names_the_paper_by_which_a_case_went_elsewhere(site: Site) -> None:
    subject = site.open()
    client = site.signed_in("admin")
    into = {"name_0": "Nga Tân", "form_0": "xã", "code_0": "16145", "parent_0": "401"}
    merge = {"units": "commune:16144, commune:16147"}
    other = {"kind_0": "commune", "name_0": "Nga Phú", "form_0": "xã", "code_0": "16147"}
    create = DEED | other | {"parent_0": "401", "effective_on": "2026-01-01"}
    assert post(client, "/admin/units/acts/create", "/inbox", step="record", **create).location
    done = post(client, "/admin/units/acts/merge", "/inbox", step="record", **DEED, **merge, **into)
    assert done.status_code == 303
    page = site.signed_in("auditor").get(f"/nominations/{subject}").text
    assert "Chuyển sang đơn vị kế tục" in page
    assert "Theo văn bản số 5/NQ-HĐND" in page


def test_a_file_of_a_year_gone_by_stands_where_it_stood(site: Site) -> None:
    subject = site.open()

    def age(session: Session) -> None:
        with writing(session):
            unguard(session.connection(), "nominations")
            session.execute(update(Nomination).values(year=2025))

    site.do(age)
    client = site.signed_in("admin")
    assert post(client, ACT, "/inbox", step="record", **RENAME).status_code == 303
    reader = site.signed_in("auditor")
    assert "xã Nga An," in reader.get(f"/nominations/{subject}").text
    assert "xã Nga An Mới" not in reader.get(f"/nominations/{subject}").text
