"""The printed page against Nghị định 30/2020, Phụ lục I: measured in millimetres and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import pytest
from pytest import approx

from engine.papers.fields import field_specs
from tests.papers.conftest import (
    ANNEX,
    DECISIONS,
    FIELDS,
    KINDS,
    OUTGOING,
    RECORDS,
    SAMPLES,
    kind_of,
    sample,
)
from tests.papers.reading import Reading, Run, field_box, overlap

Read = Callable[[str], Reading]
LayOut = Callable[[str, Mapping[str, Any]], Reading]

PORTRAIT = [n for n in SAMPLES if kind_of(n) not in ("certificate", "outgoing_register")]
HEADED = [n for n in PORTRAIT if kind_of(n) != ANNEX]
LEFT, RIGHT, TOP, BOTTOM = 30.0, 15.0, 20.0, 20.0
MIDDLE = 112.0
MARGIN_NOTE = "MẪU –"


def looks(run: Run) -> tuple[float, bool, bool]:
    return round(run.size, 1), run.bold, run.italic


def body_runs(reading: Reading) -> list[Run]:
    """All but what stands in the margins: the page number and the sample's note."""
    return [run for run in reading.runs if TOP < run.baseline < 297 - BOTTOM + 1]


@pytest.mark.parametrize("name", PORTRAIT)
def test_page_is_a4_and_nothing_runs_into_its_margins(read: Read, name: str) -> None:
    reading = read(name)
    for sheet in reading.sheets:
        assert (sheet.width, sheet.height) == (approx(210, abs=0.1), approx(297, abs=0.1))
    for run in body_runs(reading):
        left, top, right, bottom = run.box
        assert left >= LEFT - 0.01
        assert right <= 210 - RIGHT, run
        assert top >= TOP - 0.01
        assert bottom <= 297 - BOTTOM + 0.01


@pytest.mark.parametrize("name", HEADED)
def test_state_name_and_motto(read: Read, name: str) -> None:
    reading = read(name)
    state = reading.one("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", page=0)
    motto = reading.one("Độc lập - Tự do - Hạnh phúc", page=0)
    assert looks(state) == (12, True, False)
    assert looks(motto) == (13, True, False)
    assert state.centre > 140
    assert motto.centre == approx(state.centre, abs=0.2)
    assert motto.baseline - state.baseline < 6
    rule = reading.under(motto)
    assert rule.left == approx(motto.left, abs=0.2)
    assert rule.right == approx(motto.right, abs=0.2)


@pytest.mark.parametrize("name", HEADED)
def test_issuer_stands_left_in_bold_capitals_over_a_short_rule(read: Read, name: str) -> None:
    reading = read(name)
    authority = sample(name)["authority"]
    state = reading.one("CỘNG HÒA", page=0)
    motto = reading.one("Độc lập", page=0)
    left = [r for r in reading.runs if r.page == 0 and r.right < 103 and r.baseline < 60]
    head = [r for r in left if r.size == approx(12, abs=0.1)]
    parents = [r for r in head if not r.bold]
    names = [r for r in head if r.bold]
    assert " ".join(r.text for r in parents) == authority["parent"].upper()
    assert " ".join(r.text for r in names) == authority["name"].upper()
    assert head[0].baseline == approx(state.baseline, abs=0.1)
    assert motto.centre > names[-1].right
    rule = reading.under(names[-1])
    widest = max(r.right - r.left for r in names)
    assert widest / 3 - 1 <= rule.length <= widest / 2 + 4
    assert rule.left + rule.length / 2 == approx(names[-1].centre, abs=0.6)


@pytest.mark.parametrize("name", [n for n in PORTRAIT if n.partition(".")[0] in OUTGOING])
def test_number_and_date_share_a_line_with_room_for_their_fields(read: Read, name: str) -> None:
    reading = read(name)
    number, place = reading.one("Số:"), reading.one(sample(name)["authority"]["place"] + ",")
    assert looks(number) == (13, False, False)
    assert looks(place) == (13, False, True)
    assert number.baseline == approx(place.baseline, abs=0.1)
    boxes = {
        key: field_box(reading.sheets[spec.page], spec.rect)
        for key, spec in field_specs(reading.content).items()
    }
    for run, field in ((number, "number"), (place, "date")):
        left, top, _, bottom = boxes[field]
        assert left == approx(run.right, abs=1.5)
        assert (top, bottom) == (approx(run.box[1], abs=0.05), approx(run.box[3], abs=0.05))
    issuer = reading.one("ỦY BAN NHÂN DÂN", page=0)
    motto = reading.one("Độc lập")
    assert (number.left + boxes["number"][2]) / 2 == approx(issuer.centre, abs=0.5)
    assert (place.left + boxes["date"][2]) / 2 == approx(motto.centre, abs=0.5)


@pytest.mark.parametrize(
    ("kind", "type_name"),
    [
        ("commune_decision", "QUYẾT ĐỊNH"),
        ("district_decision", "QUYẾT ĐỊNH"),
        ("province_decision", "QUYẾT ĐỊNH"),
        ("refusal_notice", "THÔNG BÁO"),
        ("revocation_decision", "QUYẾT ĐỊNH"),
        ("notice", "GIẤY MỜI"),
        ("minutes", "BIÊN BẢN"),
        ("submission", "TỜ TRÌNH"),
        ("appraisal_report", "BÁO CÁO"),
        ("return_notice", "PHIẾU YÊU CẦU BỔ SUNG HỒ SƠ"),
    ],
)
def test_type_and_subject_are_bold_and_centred_over_a_rule(
    read: Read, kind: str, type_name: str
) -> None:
    for name in (kind, f"{kind}.long"):
        reading = read(name)
        title = reading.one(type_name)
        assert looks(title) == (14, True, False)
        assert title.centre == approx(MIDDLE, abs=0.3)
        after = [r for r in reading.runs if r.page == 0 and r.baseline > title.baseline]
        subject = []
        for run in after:
            if looks(run) != (14, True, False) or run.baseline - title.baseline > 40:
                break
            if subject and run.baseline - subject[-1].baseline > 8:
                break
            subject.append(run)
        assert subject
        for run in subject:
            assert run.centre == approx(MIDDLE, abs=0.3)
        rule = reading.under(subject[-1])
        assert rule.left + rule.length / 2 == approx(MIDDLE, abs=0.3)
        assert 1 / 3 - 0.02 <= rule.length / 154 <= 1 / 2


@pytest.mark.parametrize(
    "kind", [*DECISIONS, "refusal_notice", "revocation_decision", "submission", "notice"]
)
def test_grounds_are_italic_one_to_a_paragraph_with_their_stops(read: Read, kind: str) -> None:
    reading = read(kind)
    values = sample(kind)
    starts = [r for r in reading.runs if r.text.startswith("Căn cứ")]
    assert len(starts) == len(values["grounds"])
    for run in starts:
        assert looks(run) == (14, False, True)
        assert run.left == approx(LEFT + 12.7, abs=0.05)
    italic = " ".join(r.text for r in reading.runs if looks(r) == (14, False, True))
    end = ";" if "proposal" in values else "."
    assert f"{values['grounds'][-1]}{end}" in italic
    if "proposal" in values:
        assert f"Theo đề nghị của {values['proposal']}." in italic


@pytest.mark.parametrize("kind", DECISIONS)
def test_articles_of_a_decision(read: Read, kind: str) -> None:
    reading = read(kind)
    articles = [r for r in reading.runs if r.text.startswith("Điều ") and r.bold]
    assert [r.text for r in articles] == [f"Điều {n + 1}." for n in range(len(articles))]
    assert len(articles) == 3 + len(sample(kind)["measures"])
    for run in articles:
        assert looks(run) == (14, True, False)
        assert run.left == approx(LEFT + 12.7, abs=0.05)
    for before, after in pairwise(articles):
        lines = {
            round(r.baseline, 1)
            for r in reading.runs
            if r.page == 0 and before.baseline <= r.baseline < after.baseline
        }
        last = max(lines)
        gap = (after.baseline - last) / (25.4 / 72)
        assert 14 * 1.15 + 6 <= gap + 0.01 <= 14 * 1.5 + 12
    assert "Quyết định này./." in reading.text


@pytest.mark.parametrize("form", ["head", "collective"])
def test_authority_line_by_who_decides(lay_out: LayOut, form: str) -> None:
    values = sample("commune_decision")
    values["authority"]["form"] = form
    reading = lay_out("commune_decision", values)
    line = {
        "head": "CHỦ TỊCH ỦY BAN NHÂN DÂN XÃ NGA AN",
        "collective": "ỦY BAN NHÂN DÂN XÃ NGA AN",
    }[form]
    run = reading.one(line)
    assert run.text == line
    assert looks(run) == (14, True, False)
    assert run.centre == approx(MIDDLE, abs=0.3)


@pytest.mark.parametrize(
    ("form", "capacity", "title", "lines"),
    [
        ("head", "", "Chủ tịch", ["CHỦ TỊCH"]),
        ("head", "Q.", "Chủ tịch", ["Q. CHỦ TỊCH"]),
        ("head", "KT.", "Phó Chủ tịch", ["KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"]),
        ("head", "TL.", "Chánh Văn phòng", ["TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"]),
        ("head", "TUQ.", "Trưởng phòng", ["TUQ. CHỦ TỊCH", "TRƯỞNG PHÒNG"]),
        ("head", "TM.", "Chủ tịch", ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"]),
        ("collective", "", "Chủ tịch", ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"]),
        ("collective", "TM.", "Chủ tịch", ["TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"]),
        ("collective", "Q.", "Chủ tịch", ["TM. ỦY BAN NHÂN DÂN", "Q. CHỦ TỊCH"]),
        (
            "collective",
            "KT.",
            "Phó Chủ tịch",
            ["TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"],
        ),
    ],
)
def test_capacity_of_the_signatory(
    lay_out: LayOut, form: str, capacity: str, title: str, lines: list[str]
) -> None:
    values = sample("refusal_notice")
    values["authority"]["form"] = form
    values["signatory"] |= {"capacity": capacity, "title": title}
    reading = lay_out("refusal_notice", values)
    to = reading.one("Nơi nhận:")
    office = [
        r
        for r in reading.runs
        if r.left > 103 and r.baseline > to.baseline - 2 and r.size > 13 and r.page == to.page
    ]
    assert [r.text for r in office] == [*lines, values["signatory"]["name"]]
    assert {looks(r) for r in office} == {(14, True, False)}
    assert office[0].baseline == approx(to.baseline, abs=1)
    for run in office:
        assert run.centre == approx(office[0].centre, abs=0.3)


@pytest.mark.parametrize("name", [n for n in HEADED if not n.partition(".")[0].endswith("minutes")])
def test_recipients_stand_left_in_their_sizes(read: Read, name: str) -> None:
    reading = read(name)
    head = reading.one("Nơi nhận:")
    assert looks(head) == (12, True, True)
    assert head.left == approx(LEFT, abs=0.05)
    listed = [r for r in reading.runs if r.page == head.page and looks(r) == (11, False, False)]
    recipients = sample(name)["recipients"]
    assert [r.text for r in listed] == [
        f"- {one}{'.' if one == recipients[-1] else ';'}" for one in recipients
    ]


@pytest.mark.parametrize("name", SAMPLES)
def test_pages_are_numbered_from_the_second_and_an_annex_by_itself(read: Read, name: str) -> None:
    reading = read(name)
    annex = [r.page for r in reading.runs if r.text == "Phụ lục"]
    for sheet in reading.sheets:
        numbers = [r for r in sheet.runs if r.baseline < TOP]
        first = sheet.number in (0, *annex)
        assert [r.text for r in numbers] == ([] if first else [str(_own(sheet.number, annex))])
        for run in numbers:
            assert looks(run) == (13, False, False)
            assert run.centre == approx(MIDDLE, abs=0.3)


def _own(page: int, annex: list[int]) -> int:
    return page - max((start for start in annex if start <= page), default=0) + 1


@pytest.mark.parametrize("rows", [1, 27, 234])
def test_annex_of_any_length(lay_out: LayOut, rows: int) -> None:
    values = sample("commune_decision")
    row = values["areas"][0]
    values["areas"] = [row | {"position": n, "name": f"Thôn {n}"} for n in range(1, rows + 1)]
    reading = lay_out("commune_decision", values)
    annex = reading.one("Phụ lục")
    assert looks(annex) == (14, True, False)
    assert annex.page == 1
    assert annex.centre == approx(MIDDLE, abs=0.3)
    name = reading.one("DANH SÁCH")
    assert looks(name) == (14, True, False)
    assert looks(reading.one("(Kèm theo Quyết định số")) == (14, False, True)
    printed = [r.text for r in reading.runs if r.page >= 1 and r.text.startswith("Thôn ")]
    assert printed == [f"Thôn {n}" for n in range(1, rows + 1)]
    pages = {r.page for r in reading.runs if r.page >= 1}
    for page in pages - {max(pages)}:
        assert reading.one("STT", page=page).bold  # the head of the table on every page
    end = reading.one(f"Danh sách gồm {rows:02d} khu dân cư./.")
    last = [r for r in reading.runs if r.text == f"Thôn {rows}"]
    assert end.page == last[-1].page
    if rows > 1:
        total = f"{rows * row['households']:,}".replace(",", ".")
        assert total in [r.text for r in reading.runs]


@pytest.mark.parametrize("name", [n for n in SAMPLES if n.partition(".")[0] in OUTGOING])
def test_fields_lie_on_the_page_clear_of_text_and_of_each_other(read: Read, name: str) -> None:
    reading = read(name)
    specs = field_specs(reading.content)
    assert set(specs) == FIELDS
    boxes = {
        key: (spec.page, field_box(reading.sheets[spec.page], spec.rect))
        for key, spec in specs.items()
    }
    for key, (page, box) in boxes.items():
        sheet = reading.sheets[page]
        assert 15 < box[0] < box[2] < sheet.width - 14
        assert 15 < box[1] < box[3] < sheet.height - 14
        for run in sheet.runs:
            assert not overlap(box, run.box), f"{key} lies over {run.text!r}"
        for other, (elsewhere, its) in boxes.items():
            if page == elsewhere and {key, other} != {"signature", "seal"} and key != other:
                assert not overlap(box, its), f"{key} lies over {other}"


@pytest.mark.parametrize("name", [n for n in SAMPLES if n.partition(".")[0] in OUTGOING])
def test_seal_has_its_size_and_covers_the_left_third_of_the_signature(
    read: Read, name: str
) -> None:
    reading = read(name)
    values = sample(name)
    specs = field_specs(reading.content)
    sheet = reading.sheets[specs["seal"].page]
    seal = field_box(sheet, specs["seal"].rect)
    ink = field_box(sheet, specs["signature"].rect)
    size = values["authority"]["seal_mm"]
    assert seal[2] - seal[0] == approx(size, abs=0.05)
    assert seal[3] - seal[1] == approx(size, abs=0.05)
    assert (seal[2] - ink[0]) / (ink[2] - ink[0]) == approx(1 / 3, abs=0.01)
    assert (seal[1] + seal[3]) / 2 == approx((ink[1] + ink[3]) / 2, abs=0.05)
    signer = [r for r in sheet.runs if r.text == values["signatory"]["name"].strip()]
    title = [r for r in sheet.runs if r.text == values["signatory"]["title"].upper()]
    assert (ink[0] + ink[2]) / 2 == approx(title[-1].centre, abs=0.3)
    assert title[-1].box[3] < seal[1] < seal[3]
    if signer:
        assert seal[3] < signer[0].box[1]


@pytest.mark.parametrize("name", [n for n in SAMPLES if n.partition(".")[0] in RECORDS])
def test_record_papers_have_no_fields_but_room_for_the_hand(read: Read, name: str) -> None:
    reading = read(name)
    assert field_specs(reading.content) == {}
    values = sample(name)
    signers = [
        values[key]["name"]
        for key in ("convener", "submitter", "signatory", "chair", "secretary", "front")
        if key in values
    ]
    for signer in signers:
        names = [r for r in reading.runs if r.bold and signer.startswith(r.text)]
        assert names, signer
        for run in names:
            above = [
                r.box[3]
                for r in reading.runs
                if r.page == run.page
                and r.baseline < run.baseline - 1
                and overlap((r.left, 0, r.right, 1), (run.left, 0, run.right, 1))
            ]
            assert run.box[1] - max(above) > 20


def test_pen_papers_leave_number_and_date_open(lay_out: LayOut) -> None:
    values = sample("appraisal_report") | {"date": ""}
    reading = lay_out("appraisal_report", values)
    assert reading.one("Số: ………/BC-BCĐ").size == approx(13, abs=0.1)
    assert reading.one("Nga An, ngày …… tháng …… năm ………").italic
    assert not [r for r in lay_out("notice", sample("notice")).runs if r.text.startswith("Số:")]


@pytest.mark.parametrize("name", SAMPLES)
def test_texts_do_not_lie_over_each_other(read: Read, name: str) -> None:
    for sheet in read(name).sheets:
        boxes = [(run, run.box) for run in sheet.runs if run.text]
        for number, (run, box) in enumerate(boxes):
            for other, its in boxes[number + 1 :]:
                # Lines set closer than Times' full height are meant; a shared baseline is not.
                if abs(run.baseline - other.baseline) < 0.7 * min(run.size, other.size) * 0.35:
                    assert not overlap(box, its), f"{run.text!r} over {other.text!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_sample_says_so_on_every_page_and_only_the_sample(
    read: Read, lay_out: LayOut, kind: str
) -> None:
    for sheet in read(kind).sheets:
        notes = [r for r in sheet.runs if r.text.startswith(MARGIN_NOTE)]
        assert [r.text for r in notes] == ["MẪU – KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"]
        assert notes[0].box[1] > sheet.height - 20
    assert "GIÁ TRỊ PHÁP LÝ" not in lay_out(kind, sample(kind) | {"specimen": False}).text


def test_the_signature_never_stands_alone_on_a_page(lay_out: LayOut) -> None:
    for more in range(12):
        values = sample("refusal_notice")
        values["reasons"] *= 1 + more
        reading = lay_out("refusal_notice", values)
        page = reading.one("Nơi nhận:").page
        text = [r for r in reading.sheets[page].runs if looks(r) == (14, False, False)]
        assert len({round(r.baseline) for r in text}) >= 2


def test_the_columns_of_a_long_certificate_begin_on_one_line_and_keep_apart(
    read: Callable[[str], Reading],
) -> None:
    page = read("certificate.long")
    decision, place = page.one("Theo Quyết định"), page.one("Phan Rang - Tháp Chàm,")
    assert decision.baseline == approx(place.baseline, abs=0.1)
    assert place.left - decision.right > 3
