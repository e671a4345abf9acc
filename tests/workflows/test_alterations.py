"""Every altered file is named as altered, with the reason that its attack is known by.

The files and what is expected of each lie in ``tests/fixtures/altered``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Name
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from engine.papers.archive import carried
from engine.papers.book import Paper, PaperVersion
from engine.signing import cage
from engine.signing.certificates import Roots
from engine.signing.examination import examine
from engine.signing.findings import Examined
from engine.signing.validate import validate
from tests.databases import KINDS, Databases, opened
from tests.engine.signing.altering.keys import FOLDER
from tests.engine.signing.altering.manifest import Entry, entries, genuine
from tests.unguarded import unguard
from tests.workflows.register import AUTHORITY, ITS_PAPER, LIST, PAPERS, Register, issue_all, stages
from workflows import trust
from workflows.findings import lines, words
from workflows.offline import check_file
from workflows.trust import Bundle
from workflows.verification import Verification, verify

ENTRIES = list(entries())

KEYS_WERE_OURS = {"sealed-twice", "sealed-by-another-agency", "shadow-prepared"}
"""Made with our own keys past the house: only the register can tell."""


UNSTATED = {
    "annex-unsigned": "nobody_signed",
    "from-a-demonstration": "specimen_signature",
    "printed-again": "print_of_paper",
    "rolled-back-to-draft": "nobody_signed",
    "root-replaced": "another_shown",
    "signed-by-stranger": "foreign_signature",
    "signed-with-attribute-certificates": "foreign_signature",
    "stranger-with-same-names": "same_names_signature",
}
"""What can be named without a network of files that carry no statement which can be read."""


_examined, _answer = cache(examine), cache(cage.answer)


def _answers(
    pdf: bytes,
    roots: Roots,
    original: bytes | None = None,
    known: Examined | None = None,
    *,
    inside: bool = False,
) -> cage.Answer:
    """``cage.answer`` in this process, for a child for each file would take minutes; and once,
    for a file shows the same whatever database the papers are looked up in, or none."""
    return _answer(pdf, roots, original, known or _examined(pdf, roots), inside=inside)


@pytest.fixture(scope="module")
def registers(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Register]]:
    """The papers issued in a database of each kind."""
    with ExitStack() as stack:
        made = {}
        for kind in KINDS:
            url = databases.copy(kind)
            stack.callback(databases.drop, url)
            session = stack.enter_context(Session(stack.enter_context(opened(url))))
            made[kind] = issue_all(session, tmp_path_factory.mktemp("register"))
        yield made


@pytest.fixture(scope="module")
def bundles(registers: dict[str, Register]) -> dict[str, Bundle]:
    """What each of them hands out for checks without a network."""
    told = {kind: trust.export(one.session, one.desk) for kind, one in registers.items()}
    return {kind: Bundle.read(json.dumps(one).encode()) for kind, one in told.items()}


@pytest.fixture(params=KINDS)
def register(request: pytest.FixtureRequest, registers: dict[str, Register]) -> Register:
    return registers[request.param]


@pytest.fixture(params=KINDS)
def bundle(request: pytest.FixtureRequest, bundles: dict[str, Bundle]) -> Bundle:
    return bundles[request.param]


def check(register: Register, content: bytes, code: str = "") -> Verification:
    return verify(register.session, register.desk, content, code=code, ask=_answers)


# With and without a register, and on both databases, in one test: what costs is to open a file.
@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_an_altered_file_is_never_genuine_and_its_attack_is_named(
    registers: dict[str, Register], bundles: dict[str, Bundle], entry: Entry
) -> None:
    assert hashlib.sha256(entry.content).hexdigest() == entry.sha256
    for kind in KINDS:
        _is_named(check(registers[kind], entry.content), entry, kind)
        _is_named_without_a_network(bundles[kind], entry, kind)


def _is_named(found: Verification, entry: Entry, kind: str) -> None:
    assert not (found.ok or found.issued or found.in_force), kind
    assert found.verdict == entry.verdict, (kind, found.reasons)
    assert entry.reason in found.reasons, kind
    # Without any register: a leader's and a seal's good signature are never both there.
    good = {report.role for report in found.signatures if report.valid}
    assert (good >= {"person", "seal"}) is (entry.name in KEYS_WERE_OURS), kind


def _is_named_without_a_network(bundle: Bundle, entry: Entry, kind: str) -> None:
    paper = genuine(entry.of) if entry.of else None
    found = check_file(entry.content, bundle, paper=paper, ask=_answers)
    assert (found.verdict, found.ok) == (entry.offline, False), (kind, found.problems)
    assert found.unchanged or not (found.issued or found.in_force), kind
    if found.verdict == "unknown" or entry.name in UNSTATED:
        assert [one.code for one in found.problems] == [UNSTATED[entry.name]], kind


def test_a_stranger_is_not_blamed_for_attribute_certificates(register: Register) -> None:
    """RFC 5652, 10.2.2."""
    names = ("signed-with-attribute-certificates", "signed-by-stranger")
    carrying, plain = (check(register, genuine(name)) for name in names)
    assert [report.intact for report in carrying.signatures] == [True]
    assert carrying.reasons == plain.reasons


@pytest.mark.parametrize("name", PAPERS)
def test_what_they_were_made_from_is_genuine_without_a_network(bundle: Bundle, name: str) -> None:
    found = check_file(genuine(name), bundle, ask=_answers)
    assert (found.verdict, found.problems, found.unchanged) == ("genuine", [], True)
    assert carried(genuine(name)).values


def test_a_list_they_were_made_from_is_genuine_beside_its_paper(bundle: Bundle) -> None:
    beside = check_file(genuine(LIST), bundle, paper=genuine(ITS_PAPER), ask=_answers)
    assert (beside.verdict, beside.problems) == ("genuine", [])
    assert check_file(genuine(LIST), bundle, paper=genuine(), ask=_answers).verdict == "other_annex"


@pytest.mark.parametrize("paper", [None, ITS_PAPER])
def test_each_file_is_opened_once_without_a_network(bundle: Bundle, paper: str | None) -> None:
    opened_: list[bytes] = []

    def ask(pdf: bytes, *rest: Any, **more: Any) -> cage.Answer:
        opened_.append(pdf)
        return _answers(pdf, *rest, **more)

    beside = genuine(paper) if paper else None
    for content in (genuine(LIST), genuine()):
        opened_.clear()
        check_file(content, bundle, paper=beside, ask=ask)
        expected = [content] + [beside] * (content == genuine(LIST) and beside is not None)
        assert opened_ == expected


def test_a_list_is_known_online_by_itself(register: Register) -> None:
    for content, part in ((genuine(LIST), "annex"), (genuine(ITS_PAPER), "paper")):
        found = check(register, content)
        assert (found.verdict, found.reasons, found.part) == ("genuine", (), part)
        assert found.level == "B-LTA"


def test_every_file_is_in_the_manifest_and_every_reason_has_its_sentences() -> None:
    names = {entry.name for entry in ENTRIES} | {*PAPERS, LIST}
    assert names == {path.stem for path in FOLDER.glob("*.pdf")}
    assert {entry.reason for entry in ENTRIES} <= set(words())
    for told in words().values():
        assert set(told) == {"answers", "vi", "en"}
        assert told["answers"] in ("issued", "unchanged", "signatures", "in_force")


@pytest.mark.parametrize("name", PAPERS)
def test_the_papers_they_were_made_from_are_genuine(register: Register, name: str) -> None:
    found = check(register, genuine(name))
    assert (found.verdict, found.reasons) == ("genuine", ())
    assert found.code == register.codes[name]
    assert {report.valid for report in found.signatures} == {True}


def test_a_paper_is_told_from_the_one_it_should_be(register: Register) -> None:
    other = register.codes["genuine-certificate"]
    found = check(register, genuine(), code=other)
    assert (found.verdict, found.reasons) == ("other_paper", ("other_paper",))
    assert check(register, genuine(), code=register.codes["genuine"]).ok


def test_the_sentences_stand_under_the_answer_that_they_explain() -> None:
    told = lines(("rolled_back", "page_added", "appended"), "en")
    assert [len(told[answer]) for answer in ("issued", "unchanged")] == [1, 2]
    assert told["unchanged"][0] == "The file has more pages than the issued paper."


def test_the_fixtures_are_those_of_the_papers_as_issued(register: Register) -> None:
    """Each stage is known, so that a file rolled back is told from a stranger's."""
    for content in stages(genuine()).values():
        digest = hashlib.sha256(content).hexdigest()
        known = select(PaperVersion.id).where(PaperVersion.sha256 == digest)
        assert register.session.scalar(known)
    assert validate(genuine(), register.desk.keys.roots)


def test_on_every_database_an_altered_file_is_traced_to_its_paper(
    session: Session, tmp_path: Path
) -> None:
    here = issue_all(session, tmp_path)
    for content, how in ((genuine() + b"\n", "bytes_after"), (genuine() * 2, "appended")):
        found = verify(session, here.desk, content, ask=_answers)
        assert (found.code, found.verdict) == (here.codes["genuine"], "altered")
        assert set(found.reasons) == {how, "not_covered"}


def test_an_altered_file_is_traced_though_another_authority_has_its_number(
    session: Session, tmp_path: Path
) -> None:
    here = issue_all(session, tmp_path)
    unguard(session.connection(), "papers")
    same = update(Paper).where(Paper.code == here.codes["genuine-certificate"])
    session.execute(same.values(number_text=PAPERS["genuine"], authority_id=AUTHORITY + 1))
    for content in (b" " + genuine(), unsigned(genuine())):
        found = verify(session, here.desk, content, ask=_answers)
        assert (found.verdict, found.code) == ("altered", here.codes["genuine"])


def unsigned(content: bytes) -> bytes:
    """The paper saved anew, without what signs it."""
    out = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        for field in pdf.Root.AcroForm.Fields:
            if field.get(Name.FT) == Name.Sig and Name.V in field:
                del field.V
        pdf.save(out)
    return out.getvalue()


OTHER = genuine() + b"\n% another file\n"
FALSIFIED = {
    "the digest of an issued file": "UPDATE paper_versions SET sha256 = '{other}'"
    " WHERE sha256 = '{issued}'",
    "a version that nobody logged": "INSERT INTO paper_versions"
    " (paper_id, stage, sha256, size, at) SELECT paper_id, 'archived', '{other}', 1,"
    " '2099-01-01 00:00:00+00' FROM paper_versions WHERE sha256 = '{issued}'",
}


def test_what_the_register_says_of_a_file_counts_only_as_the_log_says_it(
    session: Session, tmp_path: Path
) -> None:
    here = issue_all(session, tmp_path)
    content = stages(genuine())["issued"]
    digests = {"other": here.desk.store.put(OTHER), "issued": hashlib.sha256(content).hexdigest()}
    session.commit()
    unguard(session.connection(), "paper_versions", "papers")
    for falsified in FALSIFIED.values():
        held = session.begin_nested()
        session.execute(text(falsified.format(**digests)))
        found = verify(session, here.desk, OTHER, ask=_answers)
        assert (found.issued, found.ok, found.log_index) == (False, False, None)
        assert "not_logged" in found.reasons
        held.rollback()
    newest = genuine()
    assert verify(session, here.desk, newest, ask=_answers).ok
    session.execute(text("UPDATE papers SET number_text = '99/QĐ-UBND' WHERE number = 15"))
    assert verify(session, here.desk, newest, ask=_answers).reasons == ("not_logged",)
