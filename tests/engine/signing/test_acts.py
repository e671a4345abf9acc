"""The two acts: what they refuse, and that a key elsewhere can do them too."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import Refused
from engine.signing import pdf as acts
from engine.signing.signer import Credential
from tests.engine.signing import tools
from tests.engine.signing.blank import blank
from tests.engine.signing.house import ISSUED, SIGNED, House, Stages, person, signer


def refusal(act: Callable[[], Any]) -> tuple[str, dict[str, Any]]:
    """The code and the parameters with which an act is refused."""
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code, dict(refused.value.refusals[0].params)


def test_a_paper_is_signed_once(house: House, stages: Stages) -> None:
    again = lambda: acts.sign_person(stages.signed, house.chair, **SIGNED)  # noqa: E731
    assert refusal(again) == ("already_signed", {})


def test_a_paper_is_not_issued_before_the_leader_signed(ec_house: House) -> None:
    early = lambda: acts.issue(blank(), ec_house.agency, **ISSUED)  # noqa: E731
    assert refusal(early) == ("not_signed", {})


def test_a_paper_is_issued_once(house: House, stages: Stages) -> None:
    again = lambda: acts.issue(stages.issued, house.agency, **ISSUED)  # noqa: E731
    assert refusal(again) == ("already_sealed", {})


@pytest.mark.parametrize("pdf", [b"", b"%PDF-1.7\n", b"no paper at all", blank(without="fields")])
def test_what_is_no_paper_is_refused(ec_house: House, pdf: bytes) -> None:
    code, _ = refusal(lambda: acts.sign_person(pdf, ec_house.chair, **SIGNED))
    assert code == "unreadable_pdf"


@pytest.mark.parametrize("missing", ["signature", "seal", "number", "date"])
def test_a_missing_field_is_named(ec_house: House, missing: str) -> None:
    def both() -> bytes:
        signed = acts.sign_person(blank(without=missing), ec_house.chair, **SIGNED)
        return acts.issue(signed, ec_house.agency, **ISSUED)

    assert refusal(both) == ("field_missing", {"field": missing})


def test_a_paper_without_a_font_for_its_fields_is_refused(ec_house: House) -> None:
    pdf = blank(without="fonts")
    code, _ = refusal(lambda: acts.sign_person(pdf, ec_house.chair, **SIGNED))
    assert code == "font_missing"


def test_a_letter_that_the_font_lacks_is_named(ec_house: House, paper: Stages) -> None:
    told = {**ISSUED, "number": "15/漢"}
    code = refusal(lambda: acts.issue(paper.signed, ec_house.agency, **told))
    assert code == ("letter_missing", {"letter": "漢"})


def test_a_letter_that_a_mark_lacks_is_named(ec_house: House) -> None:
    told = {**SIGNED, "mark": "見本"}
    code = refusal(lambda: acts.sign_person(blank(), ec_house.chair, **told))
    assert code == ("letter_missing", {"letter": "見"})


def test_a_number_that_does_not_fit_is_refused_not_overflown(ec_house: House) -> None:
    narrow = acts.sign_person(blank(number_width=30), ec_house.chair, **SIGNED)
    code, params = refusal(lambda: acts.issue(narrow, ec_house.agency, **ISSUED))
    assert (code, params) == ("text_too_long", {"text": ISSUED["number"]})


def test_letters_are_composed_before_they_are_written(ec_house: House, paper: Stages) -> None:
    apart = {**ISSUED, "date_text": unicodedata.normalize("NFD", ISSUED["date_text"])}
    assert apart["date_text"] != ISSUED["date_text"]
    assert acts.issue(paper.signed, ec_house.agency, **apart) == paper.issued


def test_the_same_act_gives_the_same_bytes(house: House, stages: Stages) -> None:
    assert acts.sign_person(stages.rendered, house.chair, **SIGNED) == stages.signed
    assert acts.issue(stages.signed, house.agency, **ISSUED) == stages.issued


def test_another_instant_gives_another_file(house: House, stages: Stages) -> None:
    later = {**SIGNED, "at": ISSUED["at"]}
    assert acts.sign_person(stages.rendered, house.chair, **later) != stages.signed


def test_a_key_elsewhere_completes_a_prepared_paper(house: House, stages: Stages) -> None:
    prepared = acts.prepare_person(stages.rendered, house.chair.credential, **SIGNED)
    assert prepared.digest == hashlib.sha256(prepared.attributes).digest()
    stored = acts.Prepared(
        pdf=bytes(prepared.pdf),
        gap=prepared.gap,
        attributes=bytes(prepared.attributes),
        credential=Credential(house.chair.credential.certificate, house.chair.credential.chain),
    )
    assert acts.complete(stored, house.chair.sign(stored.attributes)) == stages.signed


def test_a_seal_is_prepared_and_completed_likewise(house: House, stages: Stages) -> None:
    prepared = acts.prepare_issue(stages.signed, house.agency.credential, **ISSUED)
    assert acts.complete(prepared, house.agency.sign(prepared.attributes)) == stages.issued


def test_a_prepared_paper_is_not_yet_signed(house: House, stages: Stages) -> None:
    prepared = acts.prepare_person(stages.rendered, house.chair.credential, **SIGNED)
    assert not any(report.valid for report in _judged(house, prepared.pdf))


def _judged(house: House, pdf: bytes) -> list[Any]:
    try:
        return list(house.judge(pdf))
    except Refused:
        return []


@pytest.mark.parametrize("wrong", ["another message", "another key", "noise"])
def test_a_signature_of_something_else_is_not_embedded(
    house: House, stages: Stages, wrong: str
) -> None:
    prepared = acts.prepare_person(stages.rendered, house.chair.credential, **SIGNED)
    signatures = {
        "another message": house.chair.sign(prepared.digest),
        "another key": signer(person(house.authority)).sign(prepared.attributes),
        "noise": b"\0" * 256,
    }
    code, _ = refusal(lambda: acts.complete(prepared, signatures[wrong]))
    assert code == "signature_mismatch"


def test_a_swapped_certificate_is_not_embedded(house: House, stages: Stages) -> None:
    prepared = acts.prepare_person(stages.rendered, house.chair.credential, **SIGNED)
    other = replace(prepared, credential=person(house.authority).credential)
    signature = house.chair.sign(prepared.attributes)
    assert refusal(lambda: acts.complete(other, signature))[0] == "signature_mismatch"


def test_every_vietnamese_letter_can_be_written(ec_house: House, tmp_path: Any) -> None:
    words = "Thị trấn Nga Sơn, ngày 05 tháng 11: ẰẲẴẮẶ ỡợởờớ đĐ ỷỹỵ"
    told = {**ISSUED, "number": "01/TB-UBND", "date_text": words}
    signed = acts.sign_person(blank(), ec_house.chair, **SIGNED)
    file = tmp_path / "paper.pdf"
    file.write_bytes(acts.issue(signed, ec_house.agency, **{**told, "date_text": words[-30:]}))
    assert words[-30:].strip() in tools.text(file)
