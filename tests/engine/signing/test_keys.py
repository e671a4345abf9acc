"""Keys in files, the demonstration authority, and whether a certificate may sign."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import pkcs12 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from cryptography.x509.oid import NameOID

from engine.errors import Refused
from engine.signing import software, trust
from engine.signing.authority import Algorithm, Authority, Issued
from engine.signing.certificates import identity, load_roots
from engine.signing.signer import Credential
from engine.signing.software import open_key
from tests import sharing
from tests.engine.signing.house import AT, MARK, SINCE, House, agency, person, signer

PIN = "246810"
ALGORITHMS: list[Algorithm] = ["rsa", "ec"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_opens_with_its_pin_and_signs(authority: Authority, algorithm: Algorithm) -> None:
    made = person(authority, algorithm=algorithm)
    opened = open_key(made.sealed(PIN), PIN)
    assert opened.credential == made.credential
    assert opened.credential.accepts(b"text", opened.sign(b"text"))
    assert not opened.credential.accepts(b"another", opened.sign(b"text"))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_same_message_gives_the_same_signature(
    authority: Authority, algorithm: Algorithm
) -> None:
    key = signer(person(authority, algorithm=algorithm))
    assert key.sign(b"text") == key.sign(b"text")


@pytest.mark.parametrize(
    "pin", ["", "246811", "2468100", "２４６８１０", "246810\x00", "2" * 65, "24\n6810"]
)
def test_a_wrong_pin_is_refused_as_such(authority: Authority, pin: str) -> None:
    file = person(authority).sealed(PIN)
    with pytest.raises(Refused) as refused:
        open_key(file, pin)
    assert refused.value.code == "wrong_pin"
    assert refused.value.refusals[0].field == "pin"


@pytest.mark.parametrize("damage", ["empty", "noise", "cut", "longer"])
def test_a_damaged_file_is_never_told_as_a_wrong_pin(authority: Authority, damage: str) -> None:
    file = person(authority).sealed(PIN)
    broken = {"empty": b"", "noise": b"\x30no key", "cut": file[:-9], "longer": file + b"x"}
    with pytest.raises(Refused) as refused:
        open_key(broken[damage], PIN)
    assert refused.value.code == "key_file_damaged"


def test_a_guess_at_a_pin_costs_what_production_asks(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(software, "_KDF_ROUNDS", sharing.ROUNDS)
    certificates, _key = asn1.Pfx.load(person(authority).sealed(PIN)).authenticated_safe
    locked = certificates["content"]["encrypted_content_info"]["content_encryption_algorithm"]
    assert locked.kdf_iterations == sharing.ROUNDS >= 10_000


def test_a_file_without_a_key_is_damaged(authority: Authority) -> None:
    certificate = person(authority).credential.certificate
    encryption = BestAvailableEncryption(PIN.encode())
    bare = pkcs12.serialize_key_and_certificates(None, None, certificate, None, encryption)
    with pytest.raises(Refused) as refused:
        open_key(bare, PIN)
    assert refused.value.code == "key_file_damaged"


def test_neither_key_nor_pin_shows_in_a_representation(authority: Authority) -> None:
    made = person(authority)
    assert "key" not in repr(signer(made)).lower()
    assert "key" not in repr(made).lower()


def test_no_key_lies_in_the_file_in_the_clear(authority: Authority) -> None:
    made = person(authority)
    number = made.key.private_numbers()
    assert isinstance(made.key, ec.EllipticCurvePrivateKey)
    secret = number.private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    assert secret not in made.sealed(PIN)


def test_every_subject_is_marked(authority: Authority) -> None:
    issued = [person(authority), agency(authority), authority.persons, authority.agencies]
    certificates = [authority.root, *(one.credential.certificate for one in issued)]
    for certificate in certificates:
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        assert [unit.value for unit in units] == [MARK]


def test_validity_is_whole_days_of_vietnam_from_the_given_day(authority: Authority) -> None:
    made = person(authority, since=date(2024, 2, 29), years=5).credential.certificate
    assert made.not_valid_before_utc == datetime(2024, 2, 28, 17, tzinfo=UTC)
    assert made.not_valid_after_utc == datetime(2029, 2, 27, 17, tzinfo=UTC)


def test_a_person_is_known_by_reference(authority: Authority) -> None:
    told = identity(person(authority).credential.certificate)
    assert (told.kind, told.reference) == ("person", "person-7")
    assert (told.name, told.title) == ("Nguyễn Thị Thưởng", "Chủ tịch")
    assert told.organisation == "Ủy ban nhân dân xã Nga An"
    assert len(bytes.fromhex(told.fingerprint)) == 32


def test_an_agency_is_known_by_reference(authority: Authority) -> None:
    told = identity(agency(authority).credential.certificate)
    assert (told.kind, told.reference) == ("agency", "authority-3")
    assert told.organisation == "Ủy ban nhân dân xã Nga An"


def test_an_authority_is_neither(authority: Authority) -> None:
    told = identity(authority.root)
    assert (told.kind, told.reference) == ("other", "")


def test_roots_come_back_from_the_bundle(authority: Authority) -> None:
    other = House.authority_named("Other")
    bundle = authority.roots_pem() + other.roots_pem()
    assert load_roots(bundle) == (authority.root, other.root)


def _judge(made: Issued, authority: Authority, **changed: Any) -> tuple[str, ...]:
    told: dict[str, Any] = {"at": AT, "kind": "person", **changed}
    return trust.problems(made.credential, [authority.root], **told)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_certificate_may_sign(authority: Authority, algorithm: Algorithm) -> None:
    assert _judge(person(authority, algorithm=algorithm), authority) == ()
    assert _judge(agency(authority, algorithm=algorithm), authority, kind="agency") == ()


def test_a_certificate_is_good_to_the_second(authority: Authority) -> None:
    made = person(authority, since=date(2026, 1, 1), years=1)
    first = made.credential.certificate.not_valid_before_utc
    last = made.credential.certificate.not_valid_after_utc
    second = timedelta(seconds=1)
    assert _judge(made, authority, at=first - second) == ("not_yet_valid",)
    assert _judge(made, authority, at=first) == ()
    assert _judge(made, authority, at=last) == ()
    assert _judge(made, authority, at=last + second) == ("expired",)


def test_an_expired_authority_makes_its_certificates_worthless() -> None:
    short = Authority.create(mark=MARK, name="Short", since=SINCE, years=1)
    assert _judge(person(short), short) == ("untrusted",)


def test_another_root_is_not_trusted(authority: Authority) -> None:
    assert _judge(person(House.authority_named("Other")), authority) == ("untrusted",)


def test_a_missing_link_is_not_trusted(authority: Authority) -> None:
    alone = Issued(key := ec.generate_private_key(ec.SECP256R1()), person(authority).credential)
    alone = Issued(key, Credential(alone.credential.certificate))
    assert _judge(alone, authority) == ("untrusted",)


def test_no_roots_trust_nobody(authority: Authority) -> None:
    made = person(authority)
    assert trust.problems(made.credential, [], AT, kind="person") == ("untrusted",)


def test_a_person_may_not_seal_nor_an_agency_sign(authority: Authority) -> None:
    assert _judge(person(authority), authority, kind="agency") == ("wrong_kind",)
    assert _judge(agency(authority), authority) == ("wrong_kind",)


def test_a_certificate_without_content_commitment_may_not_sign(authority: Authority) -> None:
    assert _judge(without_commitment(authority), authority) == ("wrong_key_usage",)


def test_a_root_may_not_sign_papers(authority: Authority) -> None:
    credential = Credential(authority.root)
    found = trust.problems(credential, [authority.root], AT, kind="person")
    assert found == ("wrong_kind", "wrong_key_usage")


def test_only_rsa_and_ecdsa_signatures_are_accepted(authority: Authority) -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    odd = _certificate(authority, key.public_key(), digital_signature=True)
    assert not Credential(odd).accepts(b"text", key.sign(b"text"))


def without_commitment(authority: Authority) -> Issued:
    """A certificate that only logs in: it may authenticate, not commit."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(authority, key.public_key(), digital_signature=True)
    return Issued(key, Credential(certificate, (authority.persons.credential.certificate,)))


def _certificate(authority: Authority, key: Any, **uses: bool) -> x509.Certificate:
    names = ["content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    names += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    usage = x509.KeyUsage(**(dict.fromkeys(names, False) | uses))
    like = person(authority).credential.certificate
    return (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(like.issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(like.not_valid_before_utc)
        .not_valid_after(like.not_valid_after_utc)
        .add_extension(usage, critical=True)
        .sign(authority.persons.key, SHA256())
    )
