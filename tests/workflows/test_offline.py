"""Without a network: a file or a scanned code, the trust bundle, and nothing else."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from pikepdf import Array, Name
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import clock, outbox
from engine.errors import Refused
from engine.log.note import Signer
from engine.papers import archive as archive_of_a_paper
from engine.papers.archive import carried
from engine.papers.book import LEVELS, PUBLIC, Paper, PaperVersion
from engine.papers.freeze import freeze
from engine.signing import cage, cms
from engine.signing.authority import Authority
from engine.signing.coverage import facts
from engine.signing.pdf import Prepared, complete
from engine.signing.software import open_key
from engine.statement import base41, form
from engine.store import BlobStore
from tests.databases import Databases, create_tables, opened
from tests.engine.signing.bombs import packed
from tests.workflows.staging import Stage, stage
from tests.workflows.test_archive import FakeLists, FakeTime
from workflows import archive, library, logbook, trust
from workflows.bureau import TEMPLATES
from workflows.checked import Checked
from workflows.keys import ROOTS, ROOTS_OF, Keyring, authority_reference, person_reference
from workflows.offline import check_code, check_file, too_large
from workflows.papers import PaperDesk
from workflows.statement_keys import Published, StatementKeys
from workflows.times import Times
from workflows.trust import Bundle, export
from workflows.verification import verify

PIN, BASE, SINCE = "135790", "https://binhxet.example.vn", date(2024, 1, 1)
Told = dict[str, Any]
IN_A_CHILD = cage.ask


@dataclass
class Office:
    """A commune that issues papers with keys of its own."""

    stage: Stage
    desk: PaperDesk

    def issue(self, area: int = 0) -> tuple[bytes, bytes]:
        """A decision about one of the areas, as signed and as issued."""
        here, session = self.stage, self.stage.session
        paper = self.draft(area)
        here.act("chair", paper, "approve_content")
        here.act("clerk", paper, "approve_format")
        with here.now():
            self.desk.sign(session, here.people["chair"], paper, pin=PIN)
            self.desk.issue(session, here.people["clerk"], paper, pin=PIN)
            logbook.record(session, self.desk.keys)
        files = select(PaperVersion.sha256).where(PaperVersion.paper_id == paper)
        found = [
            session.scalars(files.where(PaperVersion.stage == name)).one()
            for name in ("signed", "issued")
        ]
        return self.desk.store.get(found[0]), self.desk.store.get(found[1])

    def sealed_again(self, issued: bytes) -> bytes:
        """The issued file, its seal made once more over the same prepared bytes: by chance, as
        tokens sign, where our own software signs the same in the same way."""
        seal = authority_reference(self.stage.country.commune)
        key = open_key(self.desk.keys.sealed(seal), PIN)
        last = facts(issued).covered[-1]
        attributes = cms.attributes(key.credential, bytes.fromhex(last.digest))
        prepared = Prepared(issued, last.gap, attributes, key.credential)
        assert isinstance(key._key, EllipticCurvePrivateKey)
        made = complete(prepared, key._key.sign(attributes, ECDSA(SHA256())))
        assert made != issued and made[last.gap[1] :] == issued[last.gap[1] :]
        return made

    def climb(self) -> list[bytes]:
        """Every version of the papers, once the worker took them up the levels."""
        session = self.stage.session
        with clock.fixed_at(clock.vietnam(self.stage.today, self.stage.at) + timedelta(minutes=2)):
            while left := [*outbox.due(session, clock.now(), only={archive.TASK})]:
                outbox.deliver(session, self.desk.handlers, min(left))
        query = select(PaperVersion.sha256).where(PaperVersion.stage.in_(PUBLIC))
        return [self.desk.store.get(one) for one in session.scalars(query.order_by("id"))]

    def draft(self, area: int) -> int:
        here = self.stage
        nomination = here.to_proposed(here.country.areas[area])
        return here.draft("police", "commune_decision", [nomination])


def open_office(session: Session, folder: Path) -> Office:
    here, keys = stage(session), Keyring(folder / "keys")
    authority = Authority.create(mark="MẪU", name="Kiểm thử", since=SINCE)
    keys.folder.mkdir()
    for name in (ROOTS, ROOTS_OF.format(kind="time")):
        (keys.folder / name).write_bytes(authority.roots_pem())
    keys.keep_log_key(Signer.create("test.invalid/papers"))
    fresh: Told = {"since": SINCE, "years": 5, "algorithm": "ec"}
    who = person_reference(here.people["chair"])
    chair = authority.person(
        reference=who, name="chair", title="Chủ tịch", organisation="UBND", **fresh
    )
    seal = authority_reference(here.country.commune)
    keys.path(who).write_bytes(chair.sealed(PIN))
    agency = authority.agency(reference=seal, name="UBND xã", **fresh)
    keys.path(seal).write_bytes(agency.sealed(PIN))
    with clock.fixed_at(clock.vietnam(SINCE)):
        StatementKeys(keys.folder).create()
    times = Times(FakeTime(authority), FakeLists(authority))
    store = BlobStore(folder / "blobs")
    desk = PaperDesk(here.house, store, keys, TEMPLATES, times, address=BASE)
    return Office(here, desk)


@dataclass
class Case:
    """Two papers issued one after the other, and the bundle of the same evening."""

    folder: Path
    signed: bytes
    issued: bytes
    other: bytes
    stamped: list[bytes]
    told: Told
    again: bytes
    """The first paper with another seal of the same key, of which nobody knows."""

    online_again: tuple[str, bool]
    """What the register says of that: the verdict, and whether it was issued."""

    @property
    def code(self) -> str:
        """What a camera reads from the first paper."""
        return carried(self.issued).fields["strip"]

    def bundle(self, **changed: Any) -> Bundle:
        return Bundle.read(self.signed_anew(deepcopy(self.told) | changed))

    def signed_anew(self, told: Told) -> bytes:
        """The bundle as the office would have made it."""
        signer = StatementKeys(self.folder / "keys").signer()
        rest = {name: value for name, value in told.items() if name != "signature"}
        value = base64.b64encode(signer.key.sign(trust.MARK + freeze(rest).encode())).decode()
        whole = rest | {"signature": {"id": signer.verifier.id.hex(), "value": value}}
        return json.dumps(whole).encode()


@pytest.fixture(scope="module")
def case(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    folder, url = tmp_path_factory.mktemp("offline"), databases.copy("sqlite", create_tables)
    with opened(url) as engine, Session(engine) as session:
        office = open_office(session, folder)
        signed, issued = office.issue()
        _, other = office.issue(1)
        evening = clock.vietnam(office.stage.today) + timedelta(hours=20)
        with clock.fixed_at(evening):
            told = export(session, office.desk)
            online = verify(session, office.desk, issued)
            again = office.sealed_again(issued)
            register = verify(session, office.desk, again, ask=cage.answer)
        assert online.verdict == "genuine"
        stamped = [one for one in office.climb() if one.startswith(issued)]
        known = register.verdict, register.issued
        yield Case(folder, signed, issued, other, stamped, told, again, known)
    databases.drop(url)


def codes(found: Checked) -> list[str]:
    return [one.code for one in found.problems]


# ------------------------------------------------------------------ files


def test_the_four_answers_of_a_genuine_file(case: Case) -> None:
    found = check_file(case.issued, case.bundle())
    assert (found.verdict, found.ok, codes(found)) == ("genuine", True, [])
    told = found.record()
    assert (told["issued"], told["unchanged"], told["in_force"]) == (True, True, True)
    assert [(one["role"], one["valid"]) for one in told["signatures"]] == [
        ("person", True),
        ("seal", True),
    ]
    said = told["statement"]
    assert (said["kind"], said["number"]) == ("commune_decision", "01/QĐ-UBND")
    assert (said["level_name"]["en"], said["areas"], said["log_size"]) == ("commune", 1, 0)
    assert told["trust"]["address"] == BASE


def test_a_file_sealed_again_is_told_from_the_issued_one_with_a_network_alone(case: Case) -> None:
    """No bundle holds the issued bytes; so the answer says what it did not compare."""
    for file in (case.again, case.issued):
        found = check_file(file, case.bundle(), ask=cage.answer)
        warned = [one.code for one in found.warnings]
        assert (found.verdict, warned) == ("genuine", ["bytes_not_compared"])
    assert case.online_again == ("altered", False)


@pytest.mark.parametrize(("place", "level"), [*enumerate(LEVELS[one] for one in PUBLIC)])
def test_every_version_of_a_paper_is_genuine(case: Case, place: int, level: str) -> None:
    found = check_file(case.stamped[place], case.bundle())
    assert (found.verdict, codes(found), found.unchanged) == ("genuine", [], True)
    assert found.record()["level"] == level


def test_what_follows_the_last_evidence_is_named(case: Case) -> None:
    evidenced = case.stamped[2]
    again = evidenced[evidenced.rindex(b"startxref") :]
    for more in (b"\n% more\n", b"\n% more\n" + again):
        found = check_file(evidenced + more, case.bundle())
        assert (found.verdict, found.unchanged) == ("altered", False)
    assert not check_file(evidenced + b"\n%%EOF\n", case.bundle()).ok


@pytest.mark.parametrize(("place", "level"), [*enumerate(LEVELS[one] for one in PUBLIC)])
def test_in_2046_no_version_that_was_not_renewed_proves_its_time(
    case: Case, place: int, level: str
) -> None:
    """As ``test_archive`` has it of the check with a network."""
    why = "no_time_proof" if level == "B-B" else "stamp_lapsed"
    with clock.fixed_at(clock.vietnam(date(2046, 1, 1))):
        found = check_file(case.stamped[place], case.bundle())
        more = check_file(case.stamped[place] + b"\n% more\n", case.bundle())
    assert (found.verdict, codes(found)) == ("lapsed", [why])
    assert (found.issued, found.unchanged, found.ok) == (True, True, False)
    assert "dated_by_the_statement" in [one.code for one in found.warnings]
    assert (more.verdict, more.unchanged) == ("altered", False)


def test_it_answers_in_the_shape_of_the_check_with_a_network(
    case: Case, databases: Databases, tmp_path: Path
) -> None:
    offline = check_file(case.issued, case.bundle()).record()
    url = databases.copy("sqlite", create_tables)
    with opened(url) as engine, Session(engine) as session:
        online = verify(session, open_office(session, tmp_path).desk, case.issued).record()
    databases.drop(url)
    assert online.keys() <= offline.keys()


def test_the_next_paper_tells_of_the_log_after_the_first(case: Case) -> None:
    said = form.read(carried(case.other).fields["strip"]).statement
    assert said.log_size == 1
    assert case.told["log"]["checkpoint"].split("\n")[1] == "2"


def test_the_age_of_the_bundle_is_told(case: Case) -> None:
    made = Bundle.read(json.dumps(case.told).encode()).made_at
    with clock.fixed_at(made + timedelta(days=400, hours=1)):
        assert check_file(case.issued, case.bundle()).record()["trust"]["age_days"] == 400


def test_a_signed_file_that_was_never_issued_is_named(case: Case) -> None:
    found = check_file(case.signed, case.bundle())
    assert (found.verdict, found.issued, found.in_force) == ("not_issued", False, False)
    assert codes(found) == ["no_statement"]


@pytest.mark.parametrize("place", [0.2, 0.5, 0.9])
def test_a_changed_byte_is_named(case: Case, place: float) -> None:
    at = int(len(case.issued) * place)
    flipped = case.issued[:at] + bytes([case.issued[at] ^ 4]) + case.issued[at + 1 :]
    found = check_file(flipped, case.bundle())
    assert found.verdict in ("altered", "unreadable")
    assert not found.ok


def test_a_byte_changed_in_the_name_of_the_key_is_named(case: Case) -> None:
    raw = bytearray(base41.decode(case.code.partition("#")[2][:-1]))
    raw[raw.index(form.read(case.code).statement.key_id)] ^= 1
    changed = f"{case.code.partition('#')[0]}#{base41.encode(bytes(raw))}1"
    assert check_code(changed, case.bundle()).verdict == "unknown_key"
    file = case.issued.replace(case.code.encode(), changed.encode())
    assert file != case.issued
    assert check_file(file, case.bundle()).verdict == "altered"


def test_an_appended_revision_is_named(case: Case) -> None:
    found = check_file(case.issued + b"\n% more\n", case.bundle())
    assert (found.verdict, found.unchanged) == ("altered", False)


@pytest.mark.parametrize("content", [b"", b"no paper", b"%PDF-1.7 and no more", b"%PDF-" * 9999])
def test_other_bytes_are_answered(case: Case, content: bytes) -> None:
    found = check_file(content, case.bundle())
    assert (found.verdict, found.ok) == ("unreadable", False)


def test_someone_elses_pdf_is_unknown(case: Case) -> None:
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    found = check_file(out.getvalue(), case.bundle())
    assert (found.verdict, codes(found)) == ("unknown", ["nobody_signed"])


def test_the_code_of_another_paper_is_named(case: Case) -> None:
    found = check_file(case.other, case.bundle(), case.code)
    assert (found.verdict, found.issued) == ("altered", False)
    assert set(codes(found)) == {
        "statement_number_differs",
        "statement_date_differs",
        "statement_data_differs",
        "statement_signed_differs",
    }


def test_a_certificate_from_another_root_is_no_signature_of_ours(case: Case) -> None:
    stranger = Authority.create(mark="MẪU", name="Nơi khác", since=SINCE).roots_pem().decode()
    found = check_file(case.issued, case.bundle(roots={"person": [stranger], "agency": []}))
    assert (found.verdict, codes(found)) == ("altered", ["signatures_do_not_hold"])


def test_a_file_is_opened_in_a_process_of_its_own(case: Case) -> None:
    bundle = case.bundle()
    caged = check_file(case.stamped[3], bundle, ask=IN_A_CHILD)
    assert caged == check_file(case.stamped[3], bundle)
    trap = with_data(case.issued, packed(2**30), Name.FlateDecode)
    assert codes(check_file(trap, bundle, ask=IN_A_CHILD)) == ["no_data_inside"]


def test_data_are_unpacked_no_further_than_any_data_reach(case: Case) -> None:
    twice = Array([Name.FlateDecode, Name.FlateDecode])
    for data, how in (
        (packed(archive_of_a_paper.LARGEST + 2**20), Name.FlateDecode),
        (zlib.compress(packed(2**30), 9), twice),
        (b"no deflated bytes", Name.FlateDecode),
    ):
        with pytest.raises(Refused) as caught:
            carried(with_data(case.issued, data, how))
        assert caught.value.code == "no_data_inside"


def with_data(content: bytes, data: bytes, how: Any) -> bytes:
    """The paper with other data, packed like that; it says that they are few."""
    out = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        for spec in pdf.Root.AF:
            spec.EF.F.write(data, filter=how)
        pdf.save(out, compress_streams=False, stream_decode_level=None)
    return out.getvalue()


def test_what_cannot_be_opened_is_told_as_that(case: Case, monkeypatch: Any) -> None:
    bundle = case.bundle()
    monkeypatch.setattr(cage, "_COMMAND", ["false"])
    monkeypatch.setattr(cage, "ask", IN_A_CHILD)
    assert codes(check_file(case.issued, bundle)) == ["file_too_complex"]
    with pytest.raises(Refused) as caught:
        cage.data(case.issued)
    assert caught.value.code == "file_too_complex"
    assert codes(too_large(bundle)) == ["file_too_large"]


# ------------------------------------------------------------------ codes


def test_a_scanned_code_is_believed_by_itself(case: Case) -> None:
    found = check_code(case.code, case.bundle())
    assert (found.verdict, found.ok) == ("genuine", True)
    assert (found.record()["unchanged"], found.record()["signatures"]) == (None, [])
    assert case.code.startswith(f"{BASE}/p/")


def test_an_altered_code_is_named(case: Case) -> None:
    page, _, fragment = case.code.partition("#")
    raw = bytearray(base41.decode(fragment[:-1]))
    raw[9] ^= 1  # the year
    found = check_code(f"{page}#{base41.encode(bytes(raw))}1", case.bundle())
    assert (found.verdict, codes(found)) == ("altered", ["statement_altered"])
    assert check_code(case.code[:-9], case.bundle()).verdict in ("unreadable", "altered")


def test_a_code_moved_to_another_papers_address_is_named(case: Case) -> None:
    other = carried(case.other).fields["strip"].partition("#")[0]
    moved = f"{other}#{case.code.partition('#')[2]}"
    assert codes(check_code(moved, case.bundle())) == ["statement_altered"]


def test_a_code_that_leads_elsewhere_is_warned_of_beside_the_answers(case: Case) -> None:
    foreign, former = "http://evil.example", "https://before.example.vn"
    bundle = case.bundle(addresses=[BASE, former])
    for site, warned in ((BASE, []), (former, []), (foreign, ["code_leads_elsewhere"])):
        found = check_code(case.code.replace(BASE, site), bundle)
        assert (found.verdict, [one.code for one in found.warnings]) == ("genuine", warned)
    assert found.warnings[0].params["host"] == foreign
    old = dict(case.told)
    del old["addresses"], old["unissued"]
    assert Bundle.read(case.signed_anew(old)).addresses == (BASE,)
    assert check_file(case.issued, Bundle.read(case.signed_anew(old))).ok


def test_an_unknown_key_is_named(case: Case) -> None:
    stranger = Signer.create("binhxet-statement")
    read = form.read(case.code)
    forged = form.address(BASE, read.code, read.statement, stranger)
    found = check_code(forged, case.bundle())
    # It claims a key of ours, which did not sign it.
    assert (found.verdict, codes(found)) == ("altered", ["statement_altered"])
    own = replace(read.statement, key_id=stranger.verifier.id)
    found = check_code(form.address(BASE, read.code, own, stranger), case.bundle())
    assert (found.verdict, codes(found)) == ("unknown_key", ["statement_key_unknown"])


def test_a_key_speaks_for_its_own_time_only(case: Case) -> None:
    ended = deepcopy(case.told["statements"])
    ended[0]["until"] = "2024-02-01T00:00:00+00:00"
    found = check_code(case.code, case.bundle(statements=ended))
    assert (found.verdict, codes(found)) == ("unknown_key", ["statement_key_ended"])


def test_a_code_by_a_stolen_key_proves_nothing_without_its_file(case: Case) -> None:
    stolen = [one | {"stolen": True} for one in case.told["statements"]]
    bundle = case.bundle(statements=stolen)
    found = check_code(case.code, bundle)
    assert (found.verdict, codes(found)) == ("unknown_key", ["statement_key_stolen"])
    assert not found.issued
    assert check_file(case.issued, bundle).ok


def test_what_is_no_longer_in_force_is_named_as_of_the_bundle(case: Case) -> None:
    code = form.read(case.code).code
    bundle = case.bundle(ended={trust.hidden(code): {"state": "revoked"}})
    for found in (check_code(case.code, bundle), check_file(case.issued, bundle)):
        assert (found.verdict, codes(found)) == ("not_in_force", ["paper_ended"])
        assert (found.issued, found.in_force, found.ok) == (True, False, False)
    assert check_file(case.other, bundle).ok
    assert code not in json.dumps(bundle.told)


def test_what_later_papers_did_is_told_and_a_foretold_revocation_comes_true(case: Case) -> None:
    code = trust.hidden(form.read(case.code).code)
    corrected = {"act": "correction", "number": "9/UBND", "issued_on": "2024-11-01"}
    revoked = {"act": "revocation", "number": "10/QĐ", "issued_on": "2024-11-02"}
    done = [corrected | {"effect_on": None}, revoked | {"effect_on": "2030-01-01"}]
    bundle = case.bundle(changes={code: done})
    for day, verdict in ((date(2029, 12, 31), "genuine"), (date(2030, 1, 1), "not_in_force")):
        with clock.fixed_at(clock.vietnam(day)):
            found = check_code(case.code, bundle)
        assert found.verdict == verdict
        told = found.record()["changes"]
        assert [(one["act"], one["number"]) for one in told] == [
            ("correction", "9/UBND"),
            ("revocation", "10/QĐ"),
        ]
    assert check_code(carried(case.other).fields["strip"], bundle).record()["changes"] == []


def test_a_bundle_older_than_the_paper_says_so(case: Case) -> None:
    bundle = case.bundle(made_at="2024-06-01T00:00:00+00:00")
    found = check_file(case.issued, bundle)
    assert (found.verdict, codes(found)) == ("newer_than_bundle", ["bundle_older"])
    assert (found.record()["issued"], found.in_force, found.ok) == (None, False, False)


# ------------------------------------------------------------------ the bundle


def test_a_changed_bundle_is_refused(case: Case) -> None:
    told = deepcopy(case.told)
    told["ended"] = {}
    told["address"] = "https://elsewhere.invalid"
    with pytest.raises(Refused) as caught:
        Bundle.read(json.dumps(told).encode())
    assert caught.value.code == "bundle_altered"


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"nope", b'{"format": "binhxet-trust/1"}'])
def test_other_files_are_no_bundle(content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        Bundle.read(content)
    assert caught.value.code == "bundle_unreadable"


def test_a_renewed_key_signs_and_the_old_one_stays_published(tmp_path: Path) -> None:
    keys = StatementKeys(tmp_path)
    with clock.fixed_at(clock.vietnam(date(2026, 1, 1))):
        first = keys.signer(make=True).verifier
    with clock.fixed_at(clock.vietnam(date(2027, 1, 1))):
        keys.renew()
    old, new = keys.published()
    assert (old.key, new.key) == (first, keys.signer().verifier)
    assert old.until == new.since
    assert old.key.id != new.key.id
    assert (tmp_path / "statements.json").stat().st_mode & 0o77 == 0
    with pytest.raises(Refused) as caught:
        keys.create()
    assert caught.value.code == "statement_key_exists"


def test_a_stolen_key_is_told_as_that_for_ever_and_renewed(tmp_path: Path) -> None:
    keys = StatementKeys(tmp_path)
    first = keys.signer(make=True).verifier
    keys.disown(first.id.hex())
    keys.renew()
    assert [one.stolen for one in keys.published()] == [True, False, False]
    assert keys.published()[0].until is not None
    assert keys.signer().verifier == keys.published()[-1].key != first
    with pytest.raises(Refused) as caught:
        keys.disown("00")
    assert caught.value.code == "statement_key_unknown"
    told = keys.published()[0].record()
    assert Published.read(told) == keys.published()[0]
    del told["stolen"]
    assert not Published.read(told).stolen


def test_production_makes_no_key_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        StatementKeys(tmp_path).signer()
    assert caught.value.code == "no_statement_key"
    (tmp_path / "statements.json").write_text("{")
    with pytest.raises(Refused) as caught:
        StatementKeys(tmp_path).signer(make=True)
    assert caught.value.code == "statement_key_unreadable"


def test_the_bundle_lists_no_paper_that_is_in_force_or_was_never_issued(
    session: Session, tmp_path: Path
) -> None:
    """On either database."""
    office = open_office(session, tmp_path)
    office.issue()
    office.draft(1)
    assert len(session.scalars(select(Paper.id)).all()) > 2
    told = export(session, office.desk)
    assert (told["ended"], told["changes"]) == ({}, {})
    assert Bundle.read(json.dumps(told).encode()).told == told


def test_every_outgoing_kind_has_its_own_number() -> None:
    marks = [kind.mark for kind in library.law().kinds.values() if kind.series]
    assert 0 not in marks
    assert len(set(marks)) == len(marks)
