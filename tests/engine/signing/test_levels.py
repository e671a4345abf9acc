"""From B-B to B-LTA and on to 2046: what each version of a paper proves, to us and to others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms, crl, tsp
from cryptography.x509 import ReasonFlags
from pyhanko.pdf_utils.generic import NameObject, StreamObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore

from engine import clock
from engine.errors import Refused
from engine.signing import embedded, evidence, shortcut, stamps, trust
from engine.signing import pdf as acts
from engine.signing.addition import Addition
from engine.signing.authority import Authority, revocation_list
from engine.signing.certificates import Roots, der
from engine.signing.coverage import facts
from engine.signing.evidence import Evidence
from engine.signing.findings import SignatureReport
from engine.signing.sheet import Sheet
from engine.signing.timekeeper import Timekeeper
from engine.signing.tokens import TimeSource
from engine.signing.validate import validate
from tests.engine.signing import tools
from tests.engine.signing.blank import blank
from tests.engine.signing.house import AT, ISSUED, LATER, SIGNED, SINCE, House, Stages, signer
from tests.engine.signing.test_validate import CHANGES, _append

STAMPED = LATER + timedelta(minutes=3)
NEXT_DAY = STAMPED + timedelta(days=1)
MINUTE = timedelta(minutes=1)


def keeper(authority: Authority, since: date = SINCE, years: int = 5 * 6) -> Timekeeper:
    made = authority.time_authority(name="Dấu thời gian MẪU", since=since, years=years)
    return Timekeeper(signer(made))


def lists(authority: Authority, at: datetime, **revoked: Any) -> Evidence:
    """The evidence as of an instant: a list of each authority, and the authorities."""
    crls = tuple(revocation_list(one, at, **revoked) for one in authority.issuers)
    held = tuple(der(one.credential.certificate) for one in authority.issuers)
    return Evidence(held, crls)


def stamped(authority: Authority, pdf: bytes, at: datetime, by: TimeSource | None = None) -> bytes:
    with clock.fixed_at(at):
        return stamps.stamp(pdf, by or keeper(authority), (authority.root,)).pdf


def roots_of(authority: Authority) -> Roots:
    """One root for all kinds."""
    return Roots.common([authority.root], [authority.root])


@dataclass(frozen=True)
class Ladder:
    """One paper at every level."""

    authority: Authority
    bb: bytes
    bt: bytes
    blt: bytes
    blta: bytes

    def judge(self, pdf: bytes, at: datetime = NEXT_DAY) -> list[SignatureReport]:
        return validate(pdf, roots_of(self.authority), at)

    def problems(self, pdf: bytes, at: datetime = NEXT_DAY) -> set[str]:
        """Of all signatures together; one for a file that cannot even be read."""
        try:
            return {problem for report in self.judge(pdf, at) for problem in report.problems}
        except Refused as refused:
            return {refused.code}


@pytest.fixture(scope="module")
def ladder(ec_house: House) -> Ladder:
    """The strip is filled, as in the papers of this house: pyHanko takes a text field whose
    appearance is older than the lock for a changed one."""
    signed = acts.sign_person(blank(), ec_house.chair, **SIGNED)
    issued = _issued_with_strip(ec_house, signed)
    authority = ec_house.authority
    bt = stamped(authority, issued, STAMPED)
    blt = evidence.embed(bt, lists(authority, STAMPED + MINUTE), STAMPED)
    return Ladder(authority, issued, bt, blt, stamped(authority, blt, STAMPED + 2 * MINUTE))


def _issued_with_strip(house: House, signed: bytes) -> bytes:
    sheet = Sheet.open(signed, LATER)
    for name, text in (("number", "15/QĐ-UBND"), ("date", "ngày 05"), ("strip", "MẪU")):
        sheet.write(name, text)
    key = house.agency
    prepared = acts._prepare(
        sheet.revision, acts.SEAL, key.credential, acts._LOCK, at=LATER, reason=""
    )
    return acts.complete(prepared, key.sign(prepared.attributes))


def test_each_version_is_the_beginning_of_the_next(ladder: Ladder) -> None:
    files = [ladder.bb, ladder.bt, ladder.blt, ladder.blta]
    for earlier, later in pairwise(files):
        assert later.startswith(earlier)
        assert len(later) > len(earlier)


@pytest.mark.parametrize("version", ["bb", "bt", "blt", "blta"])
def test_each_version_says_the_level_it_has(ladder: Ladder, version: str) -> None:
    level = {"bb": "B-B", "bt": "B-T", "blt": "B-LT", "blta": "B-LTA"}[version]
    reports = ladder.judge(getattr(ladder, version))
    assert [report.problems for report in reports] == [()] * len(reports)
    assert [r.level for r in reports if r.role in ("person", "seal")] == [level, level]
    assert [r.role for r in reports[2:]] == ["timestamp"] * (
        ("bb", "bt", "blta").index(version) if version != "blt" else 1
    )
    seal = reports[1]
    assert seal.modification == ("none" if version == "bb" else "lta_updates")


@pytest.mark.parametrize("version", ["bb", "bt", "blt", "blta"])
def test_a_known_file_gets_the_very_reports_of_the_full_judgement(
    ladder: Ladder, version: str
) -> None:
    content = getattr(ladder, version)
    for at in (NEXT_DAY, NEXT_DAY.replace(year=2046)):  # the stamps have ended by then
        with clock.fixed_at(at):
            quick = shortcut.judge(content, roots_of(ladder.authority))
            full = validate(content, roots_of(ladder.authority))
            assert quick == (full if all(report.valid for report in full) else None)


def test_a_stamp_tells_its_authority_and_its_time(ladder: Ladder) -> None:
    *_, first, second = ladder.judge(ladder.blta)
    assert (first.name, first.time, second.time) == (
        "Dấu thời gian MẪU",
        STAMPED,
        STAMPED + 2 * MINUTE,
    )
    assert (first.covers, second.covers) == ("revision", "whole_file")


def test_the_file_holds_the_evidence_of_every_certificate(ladder: Ladder) -> None:
    store = DocumentSecurityStore.read_dss(PdfFileReader(BytesIO(ladder.blta)))
    assert (len(store.certs), len(store.crls), len(store.ocsps)) == (4, 4, 0)


def test_a_stamp_is_nothing_to_see_on_the_page(ladder: Ladder) -> None:
    """No area, so it needs no appearance (PDF/A-3, 6.3.3), and outside the page, so it needs no
    tag (PDF/UA-1, 7.18.1); printed in name, as PDF/A asks of every annotation."""
    with pikepdf.open(BytesIO(ladder.blta)) as pdf:
        marks = [f for f in pdf.Root.AcroForm.Fields if str(f.T).startswith(stamps.PREFIX)]
        assert [[int(number) for number in mark.Rect] for mark in marks] == [[-1] * 4] * 2
        assert [int(mark.F) & 0b111 for mark in marks] == [4, 4]
        assert all(mark.P.objgen == pdf.pages[0].obj.objgen for mark in marks)
        assert pdf.Root.AcroForm.SigFlags == 3


def test_without_evidence_of_the_time_authority_it_is_no_b_lt(ladder: Ladder) -> None:
    *others, _times = ladder.authority.issuers
    some = Evidence(crls=tuple(revocation_list(one, NEXT_DAY) for one in others))
    partly = evidence.embed(ladder.bt, some, NEXT_DAY)
    assert {report.level for report in ladder.judge(partly)[:2]} == {"B-T"}


def test_without_roots_of_time_a_stamp_proves_nothing(ladder: Ladder) -> None:
    reports = validate(ladder.blta, Roots.common([ladder.authority.root]), NEXT_DAY)
    assert {report.level for report in reports[:2]} == {"B-B"}
    assert not any(report.valid for report in reports)
    assert "untrusted" in reports[-1].problems


def test_others_accept_every_version(ladder: Ladder, nss: Path, tmp_path: Path) -> None:
    for name in ("bt", "blt", "blta"):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(getattr(ladder, name))
        assert "No syntax or stream encoding errors found" in tools.qpdf(file)
        leader, seal, *rest = tools.pdfsig(file, nss)
        for told in (leader, seal):
            assert "Signature is Valid" in told
            assert "Certificate is Trusted" in told
        # Poppler 22 cannot check document time-stamps, and says so.
        assert all("has not yet been verified" in told for told in rest)


def test_pyhanko_calls_every_later_version_a_permitted_one(ladder: Ladder) -> None:
    leader, seal, *marks = PdfFileReader(BytesIO(ladder.blta)).embedded_signatures
    asked = trust.context([ladder.authority.root], STAMPED + 3 * MINUTE)
    told = [validate_pdf_signature(one, asked) for one in (leader, seal)]
    assert [one.bottom_line for one in told] == [True, True]
    assert told[1].modification_level is ModificationLevel.LTA_UPDATES
    for mark in marks:
        status = validate_pdf_timestamp(mark, asked)
        assert (status.intact, status.valid, status.trusted) == (True, True, True)


def test_openssl_accepts_every_stamp(ladder: Ladder, nss: Path, tmp_path: Path) -> None:
    for covered in facts(ladder.blta).covered[2:]:
        first, second = covered.gap
        token = bytes.fromhex(ladder.blta[first + 1 : second - 1].decode())
        data, file = tmp_path / "data", tmp_path / "token"
        data.write_bytes(ladder.blta[:first] + ladder.blta[second : covered.end])
        file.write_bytes(token)
        command = ["openssl", "ts", "-verify", "-data", data, "-in", file, "-token_in"]
        command += ["-CAfile", nss / "root.pem"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout, done.stderr


# ------------------------------------------------------------------ what may not follow


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_else_may_follow_the_seal_even_under_a_good_stamp(
    ladder: Ladder, change: str
) -> None:
    """Anybody can have anything stamped: a stamp proves a time, not that a change is ours."""
    altered = _append(ladder.bt, CHANGES[change])
    if change == "pages removed":
        with pytest.raises(Refused):
            stamped(ladder.authority, altered, NEXT_DAY)
        return
    covered = stamped(ladder.authority, altered, NEXT_DAY)
    seal = ladder.judge(covered, NEXT_DAY + MINUTE)[1]
    assert not seal.valid or change == "signature field"
    if change != "signature field":  # an empty one nobody sees, as every stamp brings along
        assert "changed_after" in seal.problems


def _hidden(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(StreamObject(stream_data=b"another text, to be shown later"))
    writer._force_write_when_empty = True


def _odd_evidence(writer: IncrementalPdfFileWriter) -> None:
    store = writer.root["/DSS"]
    store[NameObject("/Attachments")] = writer.add_object(StreamObject(stream_data=b"anything"))
    writer.update_container(store)


LATER_CHANGES = {**CHANGES, "hidden object": _hidden, "odd evidence": _odd_evidence}


@pytest.mark.parametrize("change", LATER_CHANGES)
def test_nothing_but_evidence_may_follow_the_last_stamp(ladder: Ladder, change: str) -> None:
    base = ladder.blta if change == "odd evidence" else ladder.bt
    assert "uncovered" in ladder.problems(_append(base, LATER_CHANGES[change]))


@pytest.mark.parametrize("words", [None, "/Anything"])
def test_evidence_is_written_as_here_to_the_last_entry(ladder: Ladder, words: str | None) -> None:
    """True evidence may follow the last stamp, but no words that no reader shows with it."""
    known = lists(ladder.authority, STAMPED + 4 * MINUTE)
    revision = Addition(ladder.blta, STAMPED)
    lists_ = [crl.CertificateList.load(one) for one in known.crls]
    DocumentSecurityStore.supply_dss_in_writer(revision, None, crls=lists_)
    pieces = [one for one in revision.objects.values() if isinstance(one, StreamObject)]
    assert pieces
    if words:
        pieces[0][NameObject("/Type")] = NameObject(words)
    output = BytesIO()
    IncrementalPdfFileWriter.write(revision, output)
    assert ladder.problems(output.getvalue()) == ({"foreign_evidence"} if words else set())


@pytest.mark.parametrize("tail", [b"\n% a remark", b"startxref\n0\n%%EOF x"])
def test_bytes_after_the_evidence_are_named(ladder: Ladder, tail: bytes) -> None:
    assert ladder.problems(ladder.blt + tail)


def test_a_stamp_moved_to_another_file_is_named(ladder: Ladder) -> None:
    other = stamped(ladder.authority, ladder.bb, NEXT_DAY)
    mine, theirs = facts(ladder.bt).covered[-1], facts(other).covered[-1]
    moved = bytearray(other)
    moved[theirs.gap[0] : theirs.gap[1]] = ladder.bt[mine.gap[0] : mine.gap[1]]
    report = ladder.judge(bytes(moved), NEXT_DAY + MINUTE)[-1]
    assert "altered" in report.problems


def test_a_changed_byte_of_what_a_stamp_says_or_signs_is_never_valid(ladder: Ladder) -> None:
    """Not every byte of a token is signed (RFC 5652, 5.4 leaves out the list of algorithms,
    say): of those the log's digest of the whole file tells."""
    gap = facts(ladder.bt).covered[-1].gap
    held = bytes.fromhex(ladder.bt[gap[0] + 1 : gap[1] - 1].decode())
    signed = cms.ContentInfo.load(held)["content"]
    (signer,) = signed["signer_infos"]
    said = signed["encap_content_info"]["content"].contents
    for part in (said, signer["signed_attrs"].contents, signer["signature"].contents):
        first = held.index(part)
        for place in range(first, first + len(part), 11):
            altered = bytearray(ladder.bt)
            altered[gap[0] + 1 + 2 * place] ^= 1
            assert ladder.problems(bytes(altered)), place
    padded = bytearray(ladder.bt)
    padded[gap[1] - 2] = ord("1")
    assert "respelled" in ladder.judge(bytes(padded))[-1].problems


def test_a_stamp_over_an_unsealed_paper_is_named(ladder: Ladder, ec_house: House) -> None:
    signed = acts.sign_person(blank(), ec_house.chair, **SIGNED)
    odd = stamped(ladder.authority, signed, STAMPED)
    assert {"without_seal"} <= ladder.problems(odd)


# ------------------------------------------------------------------ time


def test_a_signature_is_judged_at_the_time_that_is_proved(ladder: Ladder) -> None:
    """Revoked an hour after the stamp: no harm. An hour before it: not proved any more."""
    serial = PdfFileReader(BytesIO(ladder.bt)).embedded_signatures[0].signer_cert.serial_number
    for shift, expected in ((timedelta(hours=1), set()), (-timedelta(hours=1), {"revoked"})):
        entry = {serial: (STAMPED + shift, ReasonFlags.key_compromise)}
        told = evidence.embed(ladder.bt, lists(ladder.authority, NEXT_DAY, revoked=entry), STAMPED)
        whole = stamped(ladder.authority, told, NEXT_DAY)
        leader = ladder.judge(whole, NEXT_DAY + MINUTE)[0]
        assert set(leader.problems) == expected


def test_one_is_told_as_revoked_though_nothing_is_known_of_its_authority(ladder: Ladder) -> None:
    own = embedded.credential(embedded.signatures(ladder.bb)[0])
    roots, serial = (ladder.authority.root,), own.certificate.serial_number
    (above,) = (
        one
        for one in ladder.authority.issuers
        if one.credential.certificate.subject == own.certificate.issuer
    )
    assert above.credential.certificate not in roots
    for entry, told in ({}, trust.UNKNOWN), ({serial: (AT, ReasonFlags.key_compromise)}, "revoked"):
        alone = Evidence(crls=(revocation_list(above, NEXT_DAY, revoked=entry),))
        assert trust.revocation(own, roots, NEXT_DAY, alone) == told


def test_a_signature_that_claims_to_be_younger_than_its_stamp_is_named(ladder: Ladder) -> None:
    early = stamped(ladder.authority, ladder.bb, AT - timedelta(days=1))
    assert "claims_later" in ladder.problems(early)


def test_a_stamp_from_the_future_is_named(ladder: Ladder) -> None:
    assert "stamp_time_odd" in ladder.problems(ladder.bt, STAMPED - timedelta(days=1))


@dataclass(frozen=True)
class FakeSource:
    """A time source that spoils the answer of a real one."""

    real: Timekeeper
    spoil: Callable[[bytes], bytes] = lambda told: told
    ask: Callable[[bytes], bytes] = lambda asked: asked
    room: int = 2560

    def answer(self, request: bytes) -> bytes:
        return self.spoil(self.real.answer(self.ask(request)))


def _other_nonce(request: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(request)
    asked["nonce"] = 7
    return bytes(asked.dump(force=True))


def _other_imprint(request: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(request)
    asked["message_imprint"]["hashed_message"] = b"\1" * 32
    return bytes(asked.dump(force=True))


def _weak_imprint(request: bytes) -> bytes:
    asked = tsp.TimeStampReq.load(request)
    asked["message_imprint"] = {
        "hash_algorithm": {"algorithm": "sha1"},
        "hashed_message": b"\1" * 20,
    }
    return bytes(asked.dump(force=True))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"ask": _other_nonce}, "stamp_mismatch"),
        ({"ask": _other_imprint}, "stamp_mismatch"),
        ({"ask": _weak_imprint}, "stamp_refused"),
        ({"spoil": lambda told: told[:-7]}, "stamp_unreadable"),
        ({"spoil": lambda _told: b"<html>busy</html>"}, "stamp_unreadable"),
        ({"spoil": lambda _told: b""}, "stamp_unreadable"),
        ({"room": 600}, "stamp_too_long"),
    ],
)
def test_an_answer_that_is_not_ours_is_refused(
    ladder: Ladder, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as caught:
        stamped(
            ladder.authority, ladder.bb, STAMPED, FakeSource(keeper(ladder.authority), **changed)
        )
    assert caught.value.code == code


def test_an_authority_whose_clock_is_off_is_refused(ladder: Ladder) -> None:
    real = keeper(ladder.authority)

    @dataclass(frozen=True)
    class FakeLateSource:
        room: int = 2560

        def answer(self, request: bytes) -> bytes:
            with clock.fixed_at(STAMPED + timedelta(hours=2)):
                return real.answer(request)

    with pytest.raises(Refused) as caught:
        stamped(ladder.authority, ladder.bb, STAMPED, FakeLateSource())
    assert caught.value.code == "stamp_time_odd"


def test_a_stamp_of_another_root_is_refused(ladder: Ladder) -> None:
    with pytest.raises(Refused) as caught:
        stamped(
            ladder.authority,
            ladder.bb,
            STAMPED,
            keeper(House.authority_named("Other")),
        )
    assert (caught.value.code, caught.value.refusals[0].params["why"]) == (
        "time_untrusted",
        "untrusted",
    )


# ------------------------------------------------------------------ twenty years


RENEWED = (2030, 2034, 2038, 2042, 2045)


def _short_lived() -> Ladder:
    """Certificates of five years, and a root that outlives them."""
    authority = House.authority_named("Lâu dài")
    since = date(2026, 1, 1)
    chair = signer(
        authority.person(
            reference="person-7",
            name="Chủ tịch",
            title="",
            organisation="",
            since=since,
            algorithm="ec",
        )
    )
    seal = signer(
        authority.agency(reference="authority-3", name="UBND", since=since, algorithm="ec")
    )
    issued = acts.issue(acts.sign_person(blank(), chair, **SIGNED), seal, **ISSUED)
    by = keeper(authority, since, 5)
    bt = stamped(authority, issued, STAMPED, by)
    blt = evidence.embed(bt, lists(authority, STAMPED), STAMPED)
    return Ladder(authority, issued, bt, blt, stamped(authority, blt, STAMPED + MINUTE, by))


def test_a_simulated_check_in_2046_holds_by_the_chain_of_stamps() -> None:
    """Every certificate of 2026 ended by 2031; each renewal came while the one before held."""
    ladder = _short_lived()
    pdf = ladder.blta
    for year in RENEWED:
        at = datetime(year, 6, 1, tzinfo=UTC)
        kept = evidence.embed(pdf, lists(ladder.authority, at), at)
        pdf = stamped(ladder.authority, kept, at, keeper(ladder.authority, date(year, 1, 1), 5))
    with clock.fixed_at(datetime(2046, 11, 5, tzinfo=UTC)):
        reports = validate(pdf, roots_of(ladder.authority))
    assert [report.problems for report in reports] == [()] * (2 + 2 + len(RENEWED))
    assert [report.level for report in reports[:2]] == ["B-LTA", "B-LTA"]
    assert pdf.startswith(ladder.bb)


def test_a_simulated_check_in_2046_without_renewal_says_that_the_stamp_ended() -> None:
    ladder = _short_lived()
    reports = ladder.judge(ladder.blta, datetime(2046, 11, 5, tzinfo=UTC))
    assert "expired" in reports[-1].problems
    assert not any(report.valid for report in reports)


def test_a_simulated_check_in_2046_with_a_gap_in_the_chain_does_not_hold() -> None:
    """Renewed too late: nobody can say any more whether the old stamp was good."""
    ladder = _short_lived()
    at = datetime(2045, 6, 1, tzinfo=UTC)
    late = keeper(ladder.authority, date(2045, 1, 1), 5)
    pdf = stamped(ladder.authority, ladder.blta, at, late)
    reports = ladder.judge(pdf, datetime(2046, 11, 5, tzinfo=UTC))
    assert reports[-1].valid
    assert reports[0].problems == ("unproven",)
    assert "expired" in reports[-2].problems


def test_stages_without_stamps_are_judged_as_before(ec_house: House, paper: Stages) -> None:
    assert [report.level for report in ec_house.judge(paper.issued)] == ["B-B", "B-B"]
