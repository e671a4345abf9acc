"""Files that someone has altered, and signatures that someone should not have made."""

from __future__ import annotations

import logging
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from asn1crypto.keys import PrivateKeyInfo
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pikepdf import Name
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from engine.errors import Refused
from engine.signing import cms, shortcut
from engine.signing import pdf as acts
from engine.signing.certificates import Roots, to_asn1
from engine.signing.coverage import facts
from engine.signing.findings import SignatureReport
from engine.signing.sheet import Sheet
from engine.signing.software import SoftwareSigner
from engine.signing.validate import validate
from tests.engine.signing.blank import blank
from tests.engine.signing.house import (
    AT,
    ISSUED,
    LATER,
    SIGNED,
    House,
    Stages,
    agency,
    person,
    signer,
)
from tests.engine.signing.test_keys import without_commitment


def valid(house: House, pdf: bytes) -> list[SignatureReport]:
    """The signatures that are accepted; none where the file cannot even be read."""
    try:
        return [report for report in house.judge(pdf) if report.valid]
    except Refused as refused:
        assert refused.code == "unreadable_pdf"
        return []


def problems(house: House, pdf: bytes, at: datetime | None = None) -> dict[str, set[str]]:
    return {report.role: set(report.problems) for report in house.judge(pdf, at)}


def test_a_changed_byte_anywhere_is_never_valid(ec_house: House, paper: Stages) -> None:
    dice = random.Random(20261105)  # noqa: S311
    pdf = paper.issued
    gaps = [place for covered in facts(pdf).covered for place in covered.gap]
    places = {0, 5, len(pdf) - 1, *gaps, *(place - 1 for place in gaps)}
    places |= set(dice.sample(range(len(pdf)), 40))
    for covered in facts(pdf).covered:  # the part that no digest covers
        places |= set(dice.sample(range(*covered.gap), 12))
    for place in sorted(places):
        altered = bytearray(pdf)
        altered[place] ^= 1 << dice.randrange(8)
        assert valid(ec_house, bytes(altered)) == [], place


@pytest.mark.parametrize("role", ["person", "seal"])
def test_a_signature_spelled_otherwise_is_not_valid(
    ec_house: House, paper: Stages, role: str
) -> None:
    covered = facts(paper.issued).covered[role == "seal"]
    start, stop = covered.gap
    lower = paper.issued[:start] + paper.issued[start:stop].lower() + paper.issued[stop:]
    assert "odd_coverage" in problems(ec_house, lower)[role]
    # The last digit is one of the padding, or of a signature that took all its room.
    padded = bytearray(paper.issued)
    padded[stop - 2] = ord("2" if padded[stop - 2] == ord("1") else "1")
    assert {"respelled", "altered"} & problems(ec_house, bytes(padded))[role]
    assert valid(ec_house, bytes(padded)) == []


@pytest.mark.parametrize("stage", ["signed", "issued"])
@pytest.mark.parametrize("tail", [b"\n", b"% a remark\n", b"\0" * 9, b"startxref\n0\n%%EOF\n"])
def test_bytes_after_the_end_are_never_valid(
    ec_house: House, paper: Stages, stage: str, tail: bytes
) -> None:
    assert valid(ec_house, getattr(paper, stage) + tail) == []


@pytest.mark.parametrize("cut", [1, 2, 700, 20_000])
def test_a_cut_file_is_never_valid(ec_house: House, paper: Stages, cut: int) -> None:
    assert valid(ec_house, paper.issued[:-cut]) == []


def test_a_rolled_back_revision_shows_only_the_leader(ec_house: House, paper: Stages) -> None:
    """A paper signed but not issued is good as far as it goes, and says how far."""
    size = len(paper.signed)
    (only,) = ec_house.judge(paper.issued[:size])
    assert (only.role, only.valid, only.covers) == ("person", True, "whole_file")


def _append(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], Any]) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    change(writer)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _note(writer: IncrementalPdfFileWriter) -> None:
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Text"),
            NameObject("/Rect"): ArrayObject(map(NumberObject, (100, 400, 120, 420))),
            NameObject("/Contents"): TextStringObject("approved"),
        }
    )
    annotations = writer.root["/Pages"]["/Kids"][0]["/Annots"]
    annotations.append(writer.add_object(note))
    writer.update_container(annotations)


def _new_content(writer: IncrementalPdfFileWriter) -> None:
    page = writer.root["/Pages"]["/Kids"][0]
    stream = StreamObject(stream_data=b"1 0 0 rg 100 400 200 100 re f")
    page[NameObject("/Contents")] = writer.add_object(stream)
    writer.update_container(page)


def _no_pages(writer: IncrementalPdfFileWriter) -> None:
    pages = writer.root["/Pages"]
    pages[NameObject("/Kids")] = ArrayObject()
    pages[NameObject("/Count")] = NumberObject(0)
    writer.update_container(pages)


def _new_title(writer: IncrementalPdfFileWriter) -> None:
    writer.document_meta.title = "Another title"
    writer._force_write_when_empty = True


def _field(name: str) -> Callable[[IncrementalPdfFileWriter], None]:
    def change(writer: IncrementalPdfFileWriter) -> None:
        fields = writer.root["/AcroForm"]["/Fields"]
        (field,) = (f.get_object() for f in fields if f.get_object()["/T"] == name)
        field[NameObject("/V")] = TextStringObject("99/QĐ-UBND")
        writer.update_container(field)

    return change


def _new_field(writer: IncrementalPdfFileWriter) -> None:
    append_signature_field(writer, SigFieldSpec("another", box=(10, 10, 60, 60)))


CHANGES = {
    "annotation": _note,
    "page content": _new_content,
    "pages removed": _no_pages,
    "metadata": _new_title,
    "number": _field("number"),
    "strip": _field("strip"),
    "signature field": _new_field,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_revision_after_the_seal_is_never_valid(
    ec_house: House, paper: Stages, change: str
) -> None:
    altered = _append(paper.issued, CHANGES[change])
    assert altered.startswith(paper.issued)
    found = problems(ec_house, altered)
    assert valid(ec_house, altered) == []
    assert "uncovered" in found["person"]
    assert "uncovered" in found["seal"]
    if change != "metadata":  # what pyHanko would wave through is still not covered
        assert "changed_after" in found["seal"]


@pytest.mark.parametrize("change", ["annotation", "page content", "metadata", "signature field"])
def test_a_revision_between_the_acts_is_never_valid(
    ec_house: House, paper: Stages, change: str
) -> None:
    """Even if a clerk were led to seal it."""
    altered = _append(paper.signed, CHANGES[change])
    found = problems(ec_house, acts.issue(altered, ec_house.agency, **ISSUED))
    assert "foreign_revision" in found["seal"]
    assert "uncovered" in found["person"]
    if change != "metadata":  # which pyHanko lets anyone write
        assert "changed_after" in found["person"]


@pytest.mark.parametrize("change", ["annotation", "page content", "metadata"])
def test_a_revision_before_the_leader_signs_is_never_valid(ec_house: House, change: str) -> None:
    altered = acts.sign_person(_append(blank(), CHANGES[change]), ec_house.chair, **SIGNED)
    assert problems(ec_house, altered) == {"person": {"foreign_revision", "uncovered"}}


def test_a_form_filled_but_not_sealed_is_not_valid(ec_house: House, paper: Stages) -> None:
    sheet = Sheet.open(paper.signed, AT)
    sheet.write("number", "99/QĐ-UBND")
    assert problems(ec_house, sheet.revision.unsigned()) == {"person": {"uncovered"}}


def test_a_rewritten_file_is_not_valid(ec_house: House, paper: Stages) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(paper.issued)) as pdf:
        pdf.save(out)
    assert valid(ec_house, out.getvalue()) == []


def test_a_removed_page_is_not_valid(ec_house: House, paper: Stages) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(paper.issued)) as pdf:
        pdf.add_blank_page()
        pdf.pages.remove(p=1)
        pdf.save(out)
    assert valid(ec_house, out.getvalue()) == []


def test_a_signature_moved_to_another_paper_is_not_valid(ec_house: House, paper: Stages) -> None:
    other = acts.sign_person(blank(number_width=111), ec_house.chair, **SIGNED)
    (mine,), (theirs,) = facts(paper.signed).covered, facts(other).covered
    moved = bytearray(other)
    length = mine.gap[1] - mine.gap[0]
    assert length == theirs.gap[1] - theirs.gap[0]
    moved[theirs.gap[0] : theirs.gap[1]] = paper.signed[mine.gap[0] : mine.gap[1]]
    assert problems(ec_house, bytes(moved)) == {"person": {"altered", "uncovered"}}


@pytest.mark.parametrize(("begin", "end"), [(-40, 0), (0, 40), (-40, 40)])
def test_a_byte_range_that_leaves_out_more_is_not_valid(
    ec_house: House, begin: int, end: int
) -> None:
    """Made by one who holds the key, so that the digest itself is right."""
    prepared = acts.prepare_person(blank(), ec_house.chair.credential, **SIGNED)
    found = re.search(rb"/ByteRange (\[0 (\d+) (\d+) (\d+)\] *)", prepared.pdf)
    assert found is not None
    first, second, rest = (int(number) for number in found.groups()[1:])
    numbers = b"[0 %d %d %d]" % (first + begin, second + end, rest - end)
    spelled = numbers.ljust(len(found[1]))
    pdf = prepared.pdf.replace(found[1], spelled)
    digest = cms.digest(pdf[: first + begin] + pdf[second + end :])
    attributes = cms.attributes(prepared.credential, digest)
    forged = replace(prepared, pdf=pdf, attributes=attributes)
    signed = acts.complete(forged, ec_house.chair.sign(attributes))
    (report,) = ec_house.judge(signed)
    assert {"odd_coverage", "uncovered"} <= set(report.problems)
    assert report.covers == "unclear"


def test_another_root_is_named(ec_house: House, paper: Stages) -> None:
    other = replace(ec_house, authority=House.authority_named("Other"))
    found = problems(other, paper.issued)
    assert found == {
        "person": {"untrusted", "uncovered"},
        "seal": {"untrusted", "uncovered"},
    }


def test_a_stranger_with_the_same_names_is_named(ec_house: House, paper: Stages) -> None:
    """A demonstration authority of one's own gives any name, but not our root."""
    forger = House.authority_named("Bình Xét")
    sealed = acts.issue(paper.signed, signer(agency(forger)), **ISSUED)
    assert problems(ec_house, sealed) == {
        "person": {"uncovered"},
        "seal": {"untrusted", "uncovered"},
    }


def test_who_vouches_for_one_kind_does_not_for_the_other(ec_house: House, paper: Stages) -> None:
    ours = ec_house.roots
    other = House.authority_named("Other").root
    for roots, wrong in (
        (Roots(person=ours.person, agency=(other,)), "seal"),
        (Roots(person=(other,), agency=ours.agency), "person"),
    ):
        found = {r.role for r in validate(paper.issued, roots) if "untrusted" in r.problems}
        assert found == {wrong}
        assert shortcut.judge(paper.issued, roots) is None


@pytest.mark.parametrize(
    ("shift", "code"),
    [(timedelta(days=-9000), "not_yet_valid"), (timedelta(days=15000), "expired")],
)
def test_the_time_of_judgement_decides_on_certificates(
    ec_house: House, paper: Stages, shift: timedelta, code: str
) -> None:
    found = problems(ec_house, paper.issued, AT + shift)
    assert found == {"person": {code, "uncovered"}, "seal": {code, "uncovered"}}
    assert problems(ec_house, paper.issued, LATER) == {"person": set(), "seal": set()}


@pytest.mark.parametrize(
    ("since", "code"), [(date(2027, 1, 1), "not_yet_valid"), (date(2021, 1, 1), "expired")]
)
def test_a_signature_outside_its_certificates_term_is_named(
    ec_house: House, since: date, code: str
) -> None:
    early = signer(person(ec_house.authority, since=since, years=2))
    signed = acts.sign_person(blank(), early, **SIGNED)
    assert problems(ec_house, signed) == {"person": {code, "uncovered"}}


def test_a_certificate_that_expired_since_is_no_fault(ec_house: House) -> None:
    short = signer(person(ec_house.authority, since=date(2026, 11, 1), years=1))
    signed = acts.sign_person(blank(), short, **SIGNED)
    assert problems(ec_house, signed) == {"person": set()}
    after = datetime(2030, 1, 1, tzinfo=UTC)
    assert problems(ec_house, signed, after) == {"person": {"expired", "uncovered"}}


def test_a_certificate_without_content_commitment_is_named(ec_house: House) -> None:
    login = signer(without_commitment(ec_house.authority))
    signed = acts.sign_person(blank(), login, **SIGNED)
    assert problems(ec_house, signed) == {"person": {"wrong_key_usage", "uncovered"}}


def test_persons_and_agencies_are_not_taken_for_each_other(ec_house: House) -> None:
    signed = acts.sign_person(blank(), ec_house.agency, **SIGNED)
    sealed = acts.issue(signed, ec_house.chair, **ISSUED)
    assert problems(ec_house, sealed) == {
        "person": {"wrong_kind", "uncovered"},
        "seal": {"wrong_kind", "uncovered"},
    }


def test_a_seal_alone_is_not_valid(ec_house: House) -> None:
    sheet = Sheet.open(blank(), AT)
    prepared = acts._prepare(
        sheet.revision,
        acts.SEAL,
        ec_house.agency.credential,
        acts._LOCK,
        at=AT,
        reason="",
    )
    alone = acts.complete(prepared, ec_house.agency.sign(prepared.attributes))
    assert problems(ec_house, alone) == {
        "seal": {"foreign_revision", "uncovered", "without_person"}
    }


@pytest.mark.parametrize("role", ["person", "seal"])
def test_signatures_with_each_others_permissions_are_named(
    ec_house: House, paper: Stages, role: str
) -> None:
    base = blank() if role == "person" else paper.signed
    key = ec_house.chair if role == "person" else ec_house.agency
    field = acts.SIGNATURE if role == "person" else acts.SEAL
    sheet = Sheet.open(base, LATER)
    prepared = acts._prepare(sheet.revision, field, key.credential, b"", at=LATER, reason="")
    plain = acts.complete(prepared, key.sign(prepared.attributes))
    code = {"person": "not_certified", "seal": "not_locked"}[role]
    assert code in problems(ec_house, plain)[role]
    assert code not in problems(ec_house, paper.issued)[role]


def _foreign(key: SoftwareSigner, **told: Any) -> bytes:
    """A certifying signature made with our key by another program: pyHanko's own signer."""
    private = key._key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate, *chain = to_asn1((key.credential.certificate, *key.credential.chain))
    registry = SimpleCertificateStore.from_certs(chain)
    signing = SimpleSigner(
        signing_cert=certificate,
        signing_key=PrivateKeyInfo.load(private),
        cert_registry=registry,
    )
    metadata = PdfSignatureMetadata(
        field_name="signature", certify=True, docmdp_permissions=MDPPerm.FILL_FORMS, **told
    )
    writer = IncrementalPdfFileWriter(BytesIO(blank()))
    out = BytesIO()
    PdfSigner(metadata, signing).sign_pdf(writer, output=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ({"subfilter": SigSeedSubFilter.PADES, "md_algorithm": "sha256"}, set()),
        ({"subfilter": SigSeedSubFilter.PADES, "md_algorithm": "sha1"}, {"weak_algorithm"}),
        ({"subfilter": SigSeedSubFilter.ADOBE_PKCS7_DETACHED}, {"not_pades"}),
    ],
)
def test_a_signature_of_another_make_is_named(
    ec_house: House, told: dict[str, Any], codes: set[str]
) -> None:
    (report,) = ec_house.judge(_foreign(ec_house.chair, **told), AT)
    assert set(report.problems) >= codes
    assert report.intact
    assert (report.level == "B-B") is ("not_pades" not in codes)
    if codes:
        assert not report.valid


def test_a_signature_without_a_time_is_named(ec_house: House) -> None:
    prepared = acts.prepare_person(blank(), ec_house.chair.credential, **SIGNED)
    pdf = prepared.pdf.replace(b"/M (D", b"/X (D")
    start, stop = prepared.gap
    attributes = cms.attributes(prepared.credential, cms.digest(pdf[:start] + pdf[stop:]))
    timeless = replace(prepared, pdf=pdf, attributes=attributes)
    signed = acts.complete(timeless, ec_house.chair.sign(attributes))
    (report,) = ec_house.judge(signed)
    assert set(report.problems) == {"no_time", "uncovered"}
    assert report.time is None


def test_a_signature_that_makes_no_sense_is_broken(ec_house: House, paper: Stages) -> None:
    senseless = paper.issued.replace(b"/M (D", b"/M (X")
    reports = ec_house.judge(senseless)
    assert [report.problems for report in reports] == [("broken", "uncovered")] * 2
    assert [report.role for report in reports] == ["person", "seal"]


@pytest.mark.parametrize("pdf", [b"", b"\0" * 100, b"%PDF-1.7 nothing more", b"{}"])
def test_what_is_no_pdf_is_refused(ec_house: House, pdf: bytes) -> None:
    with pytest.raises(Refused) as refused:
        ec_house.judge(pdf)
    assert refused.value.code == "unreadable_pdf"


def test_an_unsigned_pdf_has_no_signatures(ec_house: House) -> None:
    assert ec_house.judge(blank()) == []
    assert ec_house.judge(blank(without="fields")) == []


def test_a_signature_in_a_field_of_another_name_is_named(ec_house: House) -> None:
    out = BytesIO()
    with pikepdf.open(BytesIO(blank())) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get(Name.T) == "strip":
                field.FT, field.T = Name.Sig, "witness"
        pdf.save(out, deterministic_id=True)
    sheet = Sheet.open(out.getvalue(), AT)
    key = ec_house.chair
    prepared = acts._prepare(
        sheet.revision, "witness", key.credential, acts._CERTIFY, at=AT, reason=""
    )
    (report,) = ec_house.judge(acts.complete(prepared, key.sign(prepared.attributes)))
    assert (report.role, report.valid) == ("unknown", False)
    assert "unknown_field" in report.problems


def test_facts_are_those_of_the_judgement(house: House, stages: Stages) -> None:
    told, judged = facts(stages.issued), house.judge(stages.issued)
    assert [covered.digest for covered in told.covered] == [one.digest for one in judged]
    assert [covered.field for covered in told.covered] == ["signature", "seal"]
    assert [covered.whole for covered in told.covered] == [False, True]
    assert all(covered.exact for covered in told.covered)
    assert told.size == len(stages.issued)
    assert facts(stages.rendered).covered == ()


def test_the_leaders_bytes_keep_their_digest_when_issued(stages: Stages) -> None:
    assert facts(stages.signed).covered[0].digest == facts(stages.issued).covered[0].digest


@pytest.mark.parametrize("pdf", [b"", b"no pdf", b"%PDF-1.7 nothing more"])
def test_facts_of_what_is_no_pdf_are_refused(pdf: bytes) -> None:
    with pytest.raises(Refused) as refused:
        facts(pdf)
    assert refused.value.code == "unreadable_pdf"


@pytest.mark.parametrize("name", ["pyhanko.sign", "pyhanko_certvalidator.revinfo.validate_crl"])
def test_what_the_library_warns_of_is_told_as_a_problem_and_not_in_our_log(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.ERROR)
