"""Each stage of a paper, judged by pyHanko, pdfsig, openssl and qpdf: unsigned, signed, issued."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature

from engine.signing import trust
from tests.engine.signing import tools
from tests.engine.signing.house import AT, ISSUED, LATER, House, Stages


@pytest.fixture
def files(stages: Stages, tmp_path: Path) -> dict[str, Path]:
    """The three stages as files."""
    paths = {}
    for stage in ("rendered", "signed", "issued"):
        paths[stage] = tmp_path / f"{stage}.pdf"
        paths[stage].write_bytes(getattr(stages, stage))
    return paths


@pytest.mark.parametrize("stage", ["rendered", "signed", "issued"])
def test_qpdf_finds_no_fault(files: dict[str, Path], stage: str) -> None:
    assert "No syntax or stream encoding errors found" in tools.qpdf(files[stage])


def test_each_stage_only_appends(stages: Stages) -> None:
    assert stages.signed.startswith(stages.rendered)
    assert stages.issued.startswith(stages.signed)


def test_issue_is_one_revision(stages: Stages) -> None:
    revisions = [
        PdfFileReader(BytesIO(pdf)).xrefs.total_revisions
        for pdf in (stages.rendered, stages.signed, stages.issued)
    ]
    assert revisions == [1, 2, 3]


def test_pdfsig_accepts_the_leaders_signature(files: dict[str, Path], nss: Path) -> None:
    (told,) = tools.pdfsig(files["signed"], nss)
    assert "Signature is Valid" in told
    assert "Certificate is Trusted" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    assert "SHA-256" in told
    assert "Nov 05 2026 02:30:00" in told


def test_pdfsig_accepts_both_signatures_of_an_issued_paper(
    files: dict[str, Path], nss: Path
) -> None:
    leader, seal = tools.pdfsig(files["issued"], nss)
    for told in (leader, seal):
        assert "Signature is Valid" in told
        assert "Certificate is Trusted" in told
    assert "Not total document signed" in leader
    assert "Not total document signed" not in seal


@pytest.mark.parametrize(("stage", "signatures"), [("signed", 1), ("issued", 2)])
def test_openssl_accepts_every_signature(
    stages: Stages, nss: Path, tmp_path: Path, stage: str, signatures: int
) -> None:
    answers = tools.openssl(getattr(stages, stage), nss / "root.pem", tmp_path)
    assert answers == ["CMS Verification successful"] * signatures


def test_openssl_refuses_another_root(stages: Stages, nss: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(House.authority_named("Other").roots_pem())
    for answer in tools.openssl(stages.issued, other, tmp_path):
        assert "Verification failure" in answer


def test_pyhanko_calls_the_issue_a_permitted_form_fill(house: House, stages: Stages) -> None:
    reader = PdfFileReader(BytesIO(stages.issued))
    leader, seal = reader.embedded_signatures
    context = [trust.context(house.roots.signing, at) for at in (AT, LATER)]
    first = validate_pdf_signature(leader, context[0])
    second = validate_pdf_signature(seal, context[1])
    assert (first.bottom_line, second.bottom_line) == (True, True)
    assert first.modification_level is ModificationLevel.FORM_FILLING
    assert second.modification_level is ModificationLevel.NONE
    assert first.docmdp_ok
    assert leader.docmdp_level is MDPPerm.FILL_FORMS


def test_our_own_judgement_of_each_stage(house: House, stages: Stages) -> None:
    assert house.judge(stages.rendered) == []
    (only,) = house.judge(stages.signed)
    assert (only.role, only.valid, only.covers) == ("person", True, "whole_file")
    leader, seal = house.judge(stages.issued)
    assert (leader.problems, seal.problems) == ((), ())
    assert (leader.valid, seal.valid) == (True, True)
    assert (leader.covers, leader.modification) == ("revision", "form_filling")
    assert (seal.covers, seal.modification) == ("whole_file", "none")
    assert {leader.level, seal.level} == {"B-B"}


def test_the_report_names_who_signed_and_when(house: House, stages: Stages) -> None:
    leader, seal = house.judge(stages.issued)
    assert (leader.name, leader.title) == ("Nguyễn Thị Thưởng", "Chủ tịch")
    assert (leader.reference, seal.reference) == ("person-7", "authority-3")
    assert seal.organisation == "Ủy ban nhân dân xã Nga An"
    assert (leader.time, seal.time) == (AT, LATER)
    assert leader.time is not None
    assert leader.time.utcoffset() == timedelta(hours=7)


def test_values_lie_in_the_fields_and_the_fields_are_closed(stages: Stages) -> None:
    with pikepdf.open(BytesIO(stages.issued)) as pdf:
        fields = {str(field.T): field for field in pdf.Root.AcroForm.Fields}
        assert str(fields["number"].V) == ISSUED["number"]
        assert str(fields["date"].V) == ISSUED["date_text"]
        assert all(int(fields[name].Ff) & 1 for name in ("number", "date"))


def test_metadata_and_wall_clock_stay_out(stages: Stages) -> None:
    with pikepdf.open(BytesIO(stages.rendered)) as before:
        told = dict(before.docinfo)
    with pikepdf.open(BytesIO(stages.issued)) as after:
        assert dict(after.docinfo) == told
    assert b"pyHanko" not in stages.issued
