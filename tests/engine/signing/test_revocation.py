"""Certificates with every fault, by the servers of an authority of another make."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from engine import clock
from engine.errors import Refused
from engine.signing import evidence, plainly, revocation, stamps, trust
from engine.signing import pdf as acts
from engine.signing.certificates import Kind, Roots
from engine.signing.evidence import NONE, Evidence
from engine.signing.findings import SignatureReport
from engine.signing.revocation import Online
from engine.signing.signer import Credential
from engine.signing.validate import validate
from tests.engine.signing.blank import blank
from tests.engine.signing.ended import authority_and_holder
from tests.engine.signing.house import AT, ISSUED, LATER, SIGNED, House
from tests.engine.signing.pki import LATER_REVOKED, Pki


def learnt(pki: Pki, label: str) -> tuple[Credential, Evidence]:
    credential = pki.signer(label).credential
    path = trust.path(credential, pki.roots, AT)
    with clock.fixed_at(AT):
        return credential, pki.online().evidence(path) if path else NONE


@pytest.mark.parametrize(
    ("label", "kind", "expected"),
    [
        ("good", "person", ()),
        ("seal", "agency", ()),
        ("revoked-later", "person", ()),
        ("revoked", "person", ("revoked",)),
        ("revoked-seal", "agency", ("revoked",)),
        ("held", "person", ("on_hold",)),
        ("of-gone", "person", ("authority_revoked",)),
        ("expired", "person", ("expired",)),
        ("login", "person", ("wrong_key_usage",)),
        ("seal", "person", ("wrong_kind",)),
    ],
)
def test_each_fault_has_a_reason_of_its_own(
    pki: Pki, label: str, kind: Kind, expected: tuple[str, ...]
) -> None:
    credential, known = learnt(pki, label)
    found = trust.problems(credential, pki.roots, AT, kind=kind)
    found = found or trust.revoked(credential, pki.roots, AT, known, strict=True)
    assert found == expected


@pytest.mark.parametrize("at", [AT - timedelta(days=1), AT, AT + timedelta(days=300)])
def test_what_is_plainly_good_is_good_in_full(pki: Pki, at: datetime) -> None:
    """The quick answer beside pyHanko's, for every certificate with every evidence at hand."""
    held = {label: learnt(pki, label) for label in ("good", "seal", "revoked", "held", "of-gone")}
    everything = Evidence.joined(known for _, known in held.values())
    for label, (credential, own) in held.items():
        path = trust.path(credential, pki.roots, at)
        for known in (own, everything, held["good"][1], held["seal"][1]):
            quick = plainly.good(path, at, known)
            assert not quick or trust._revocation(credential, pki.roots, at, known) == "", label
        assert plainly.good(path, at, own) is (label in ("good", "seal") and at <= AT), label


def test_a_person_is_asked_about_by_ocsp_and_an_agency_by_list(pki: Pki) -> None:
    (_, person), (_, agency) = learnt(pki, "good"), learnt(pki, "seal")
    assert (len(person.ocsps), len(person.crls)) == (1, 1)  # the list of the root for the rest
    assert (len(agency.ocsps), len(agency.crls)) == (0, 2)


def test_what_is_revoked_later_was_good_before(pki: Pki) -> None:
    after = LATER_REVOKED + timedelta(days=1)
    pki.set_time(after)
    try:
        with clock.fixed_at(after):
            credential = pki.signer("revoked-later").credential
            known = pki.online().evidence(trust.path(credential, pki.roots, AT))
    finally:
        pki.set_time(AT)
    assert trust.revocation(credential, pki.roots, AT, known) == ""
    assert trust.revocation(credential, pki.roots, after, known) == "revoked"


@pytest.mark.parametrize(
    ("made", "kept_since", "named", "told"),
    [
        (2025, None, False, ""),
        (2027, None, False, "revocation_unknown"),  # it ended in 2026: a list may leave it out
        (2027, 2025, False, ""),
        (2027, 2026, False, ""),
        (2028, 2027, False, "revocation_unknown"),
        (2025, None, True, "revoked"),
        (2027, None, True, "revoked"),  # it is named all the same
    ],
)
def test_a_list_made_when_a_certificate_had_ended_is_silent_about_it(
    made: int, kept_since: int | None, named: bool, told: str
) -> None:
    authority, holder = authority_and_holder(2020, 2024, 2026)
    known = Evidence(crls=(authority.list_of(made, [holder] if named else [], kept_since),))
    at = datetime(2025, 6, 1, tzinfo=UTC)
    credential, roots = Credential(holder, ()), (authority.certificate,)
    assert trust.revocation(credential, roots, at, known) == told
    quick = plainly.good((holder, authority.certificate), at, known)
    assert quick is (made == 2025 and not named)


@pytest.mark.parametrize(
    ("made", "cutoff", "told"),
    [
        (2025, None, ""),
        (2027, None, "revocation_unknown"),
        (2027, 2025, ""),
        (2028, 2027, "revocation_unknown"),
    ],
)
def test_an_answer_given_when_a_certificate_had_ended_is_silent_about_it(
    made: int, cutoff: int | None, told: str
) -> None:
    authority, holder = authority_and_holder(2020, 2024, 2026)
    known = Evidence(ocsps=(authority.answer_about(holder, made, cutoff),))
    at = datetime(2025, 6, 1, tzinfo=UTC)
    credential, roots = Credential(holder, ()), (authority.certificate,)
    assert trust.revocation(credential, roots, at, known) == told
    quick = plainly.good((holder, authority.certificate), at, known)
    assert quick is (made == 2025)


def test_what_nobody_tells_is_unknown_and_only_a_strict_house_minds(pki: Pki) -> None:
    credential = pki.signer("good").credential
    for strict, expected in ((True, (trust.UNKNOWN,)), (False, ())):
        assert trust.revoked(credential, pki.roots, AT, NONE, strict=strict) == expected


def test_an_answer_about_another_is_none(pki: Pki) -> None:
    _, known = learnt(pki, "good")
    credential = pki.signer("revoked").credential
    assert trust.revocation(credential, pki.roots, AT, known) == trust.UNKNOWN


def test_an_old_answer_is_none(pki: Pki) -> None:
    credential, known = learnt(pki, "good")
    much_later = AT + timedelta(days=300)
    assert trust.revocation(credential, pki.roots, much_later, known) == trust.UNKNOWN


def test_only_hosts_that_are_allowed_are_asked(pki: Pki) -> None:
    path = trust.path(pki.signer("good").credential, pki.roots, AT)
    assert not Online(lambda: {"ca.example.vn"}).evidence(path)
    assert not Online(frozenset).evidence(path)


def test_the_hosts_that_certificates_name(pki: Pki) -> None:
    assert revocation.hosts_named([pki.certificate("good")]) == {"127.0.0.1"}
    silent = House.authority_named("Không nêu máy chủ nào")
    assert revocation.hosts_named([silent.root]) == frozenset()


def test_an_answer_is_kept_until_it_says_there_will_be_a_newer_one(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = revocation.fetch

    def counted(url: str, *args: object, **more: object) -> bytes:
        asked.append(url)
        return real(url, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(revocation, "fetch", counted)
    source, path = pki.online(), trust.path(pki.signer("seal").credential, pki.roots, AT)
    with clock.fixed_at(AT):
        first = source.evidence(path)
        assert source.evidence(path) == first
    assert len(asked) == 2
    with clock.fixed_at(AT + timedelta(days=2)):
        source.evidence(path)
    assert len(asked) == 4


@dataclass(frozen=True)
class Signed:
    reports: list[SignatureReport]

    @property
    def leader(self) -> tuple[str, tuple[str, ...]]:
        return self.reports[0].level, self.reports[0].problems


def through(pki: Pki, label: str) -> Signed:
    """A paper signed with a certificate all the same, brought to B-LTA, and judged."""
    signed = acts.sign_person(blank(), pki.signer(label), **SIGNED)
    issued = acts.issue(signed, pki.signer("seal"), **ISSUED)
    with clock.fixed_at(LATER):
        pki.set_time(LATER)
        first = stamps.stamp(issued, pki.time_server(), pki.roots)
        parts = [pki.signer(label).credential, pki.signer("seal").credential]
        paths = [trust.path(one, pki.roots, AT) for one in (*parts, first.token.credential)]
        known = Evidence.joined(pki.online().evidence(path) for path in paths if path)
        kept = evidence.embed(first.pdf, known, LATER)
        last = stamps.stamp(kept, pki.time_server(), pki.roots).pdf
        pki.set_time(AT)
    at = LATER + timedelta(minutes=5)
    return Signed(validate(last, Roots.common(pki.roots, pki.roots), at))


@pytest.mark.parametrize(
    ("label", "level", "problems"),
    [
        ("good", "B-LTA", ()),
        ("revoked-later", "B-LTA", ()),
        ("revoked", "B-T", ("revoked",)),
        ("held", "B-T", ("on_hold",)),
        ("of-gone", "B-T", ("authority_revoked",)),
        ("expired", "B-T", ("expired",)),
        ("login", "B-LTA", ("wrong_key_usage",)),
        ("seal", "B-LTA", ("wrong_kind",)),
    ],
)
def test_each_fault_is_told_of_a_file_too(
    pki: Pki, label: str, level: str, problems: tuple[str, ...]
) -> None:
    assert through(pki, label).leader == (level, problems)


@pytest.mark.parametrize(
    ("label", "why"),
    [
        ("tsa-of-all-trades", "not_for_time"),
        ("tsa-not-critical", "not_for_time"),
        ("tsa-ended", "expired"),
    ],
)
def test_a_time_authority_must_be_for_time_alone(pki: Pki, label: str, why: str) -> None:
    signed = acts.sign_person(blank(), pki.signer("good"), **SIGNED)
    with clock.fixed_at(AT), pytest.raises(Refused) as caught:
        stamps.stamp(signed, pki.time_server(label), pki.roots)
    assert caught.value.code == "time_untrusted"
    assert caught.value.refusals[0].params == {"why": why}
