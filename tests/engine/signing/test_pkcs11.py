"""Keys on tokens: the same signatures as any, one PIN for one try, and every way to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pkcs11 as library
import pytest
from pkcs11 import TokenFlag

from engine.errors import Refused
from engine.signing import pdf as acts
from engine.signing import pkcs11
from engine.signing.authority import Authority
from engine.signing.inspection import inspect
from engine.signing.pkcs11 import Place, Wanted, choose, credentials, opened
from tests.engine.signing import tools
from tests.engine.signing.blank import blank
from tests.engine.signing.house import AT, ISSUED, SIGNED, House, agency, person
from tests.engine.signing.tokens import PIN, Tokens, module

ANY = Wanted()


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tokens:
    return Tokens.at(tmp_path / "hsm", monkeypatch)


def refusal(act: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code


def enter(place: Place, pin: str = PIN, wanted: Wanted = ANY, **more: Any) -> bytes:
    """Opens the token and signs something."""
    with opened(place, pin, wanted, AT, **more) as signer:
        return signer.sign(b"something")


@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_a_paper_signed_by_tokens_satisfies_everybody(
    authority: Authority, tokens: Tokens, nss: Path, tmp_path: Path, algorithm: Any
) -> None:
    chair = tokens.make("chair", person(authority, algorithm=algorithm))
    seal = tokens.make("seal", agency(authority, algorithm=algorithm))
    with opened(chair, PIN, ANY, AT) as signer:
        signed = acts.sign_person(blank(), signer, **SIGNED)
    with opened(seal, PIN, ANY, AT) as signer:
        issued = acts.issue(signed, signer, **ISSUED)
    house = House(authority, signer, signer)  # type: ignore[arg-type]
    reports = house.judge(issued)
    assert [(one.role, one.valid, one.problems) for one in reports] == [
        ("person", True, ()),
        ("seal", True, ()),
    ]
    file, root = tmp_path / "paper.pdf", tmp_path / "root.pem"
    file.write_bytes(issued)
    root.write_bytes(authority.roots_pem())
    for told in tools.pdfsig(file, nss):
        assert "Signature is Valid." in told
        assert "Certificate is Trusted." in told
    answers = tools.openssl(issued, root, tmp_path)
    assert [("successful" in answer) for answer in answers] == [True, True]


@pytest.mark.parametrize("algorithm", ["rsa", "ec"])
def test_a_digest_alone_is_enough_and_one_login_signs_a_batch(
    authority: Authority, tokens: Tokens, algorithm: Any
) -> None:
    place = tokens.make("chair", person(authority, algorithm=algorithm))
    papers = [f"paper {number}".encode() for number in range(12)]
    with opened(place, PIN, ANY, AT) as signer:
        for paper in papers:
            digest = library_digest(paper)
            assert signer.credential.accepts(paper, signer.sign_digest(digest))
            assert not signer.credential.accepts(b"another", signer.sign(paper))
        with pytest.raises(ValueError, match="32 bytes"):
            signer.sign_digest(b"short")


def library_digest(message: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(message).digest()


def test_the_certificate_and_its_chain_are_read_without_a_pin(
    authority: Authority, tokens: Tokens
) -> None:
    issued = person(authority)
    (found,) = credentials(tokens.make("chair", issued))
    assert found == issued.credential
    (bare,) = credentials(tokens.make("bare", issued, chain=False))
    assert (bare.certificate, bare.chain) == (issued.credential.certificate, ())


def test_a_wrong_pin_is_tried_once_and_the_right_one_still_opens(
    authority: Authority, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tokens.make("chair", person(authority))
    tries: list[str] = []
    log_in = pkcs11._log_in

    def counted(token: Any, pin: str, **more: Any) -> Any:
        tries.append(pin)
        return log_in(token, pin, **more)

    monkeypatch.setattr(pkcs11, "_log_in", counted)
    assert refusal(lambda: enter(place, "000000")) == "wrong_pin"
    assert refusal(lambda: enter(place, "1")) == "wrong_pin"
    assert tries == ["000000", "1"]
    assert refusal(lambda: enter(place, "")) == "required"
    for impossible in ("1\x00", "\ud800", "1" * 65):
        assert refusal(lambda pin=impossible: enter(place, pin)) == "wrong_pin"  # type: ignore[misc]
    assert len(tries) == 2
    assert enter(place)


def test_an_open_token_opens_for_nobody_else_without_the_pin(
    authority: Authority, tokens: Tokens
) -> None:
    place = tokens.make("chair", person(authority))
    assert enter(place)
    assert refusal(lambda: enter(place, "000000")) == "wrong_pin"


@dataclass
class Stubborn:
    """A token that counts wrong PINs, as real ones do; SoftHSM never locks."""

    flags_before: TokenFlag
    flags_after: TokenFlag
    tried: list[str] = field(default_factory=list)

    @property
    def flags(self) -> TokenFlag:
        return self.flags_after if self.tried else self.flags_before

    @property
    def slot(self) -> Any:
        return self

    def get_token(self) -> Stubborn:
        return self

    def open(self, user_pin: str) -> Any:
        self.tried.append(user_pin)
        raise library.PinIncorrect


@pytest.mark.parametrize(
    ("before", "after", "last_try", "code", "tries"),
    [
        (0, 0, False, "wrong_pin", 1),
        (0, TokenFlag.USER_PIN_COUNT_LOW, False, "wrong_pin", 1),
        (0, TokenFlag.USER_PIN_FINAL_TRY, False, "wrong_pin_last_try", 1),
        (TokenFlag.USER_PIN_FINAL_TRY, 0, False, "pin_last_try", 0),
        (TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED, True, "pin_locked", 1),
        (TokenFlag.USER_PIN_LOCKED, 0, True, "pin_locked", 0),
    ],
)
def test_the_last_try_is_the_holders_to_take(
    before: int, after: int, last_try: bool, code: str, tries: int
) -> None:
    token = Stubborn(TokenFlag(before), TokenFlag(after))
    assert refusal(lambda: pkcs11._log_in(token, PIN, last_try=last_try)) == code
    assert len(token.tried) == tries


def test_a_token_pulled_out_midway_is_told(authority: Authority, tokens: Tokens) -> None:
    place = tokens.make("chair", person(authority))
    with opened(place, PIN, ANY, AT) as signer:
        assert signer.sign(b"first")
        tokens.pull_out()
        assert refusal(lambda: signer.sign(b"second")) == "token_gone"
        assert refusal(lambda: signer.sign(b"third")) == "token_gone"
    assert refusal(lambda: enter(place)) == "no_token"


def test_a_token_put_in_later_is_seen(authority: Authority, tokens: Tokens) -> None:
    place = Place(module(), "chair")
    assert refusal(lambda: credentials(place)) == "no_token"
    tokens.make("chair", person(authority))
    assert len(credentials(place)) == 1


def test_without_a_label_there_must_be_one_token(authority: Authority, tokens: Tokens) -> None:
    place = tokens.make("chair", person(authority))
    assert enter(replace(place, label=""))
    tokens.make("other", person(authority))
    assert refusal(lambda: credentials(replace(place, label=""))) == "several_tokens"
    assert refusal(lambda: credentials(replace(place, label="third"))) == "no_token"


def test_a_module_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = Place(tmp_path / "none.so")
    assert refusal(lambda: credentials(nowhere)) == "module_missing"
    assert refusal(lambda: enter(nowhere)) == "module_missing"


def test_a_certificate_without_its_key_is_no_key(authority: Authority, tokens: Tokens) -> None:
    place = tokens.make("empty")
    assert credentials(place) == ()
    assert refusal(lambda: enter(place)) == "no_key"
    tokens.store(place, person(authority).credential.certificate, b"\x07")
    assert refusal(lambda: enter(place)) == "no_key"


def test_the_key_is_chosen_by_its_certificate(authority: Authority, tokens: Tokens) -> None:
    old = person(authority, since=date(2010, 1, 1), years=5)
    new = person(authority)
    other = person(authority, reference="person-8")
    place = tokens.make("chair", old, new, other)
    found = credentials(place)
    assert len(found) == 3
    mine = Wanted(reference="person-7")
    assert choose(found, mine, AT) == new.credential
    with opened(place, PIN, mine, AT) as signer:
        assert signer.credential.accepts(b"x", signer.sign(b"x"))
    assert refusal(lambda: choose(found, ANY, AT)) == "several_keys"
    assert refusal(lambda: choose(found, Wanted(reference="person-9"), AT)) == "no_key"
    print_ = pkcs11.identity(old.credential.certificate).fingerprint
    assert choose(found, Wanted(fingerprint=print_), AT) == old.credential


def test_what_is_to_be_signed_is_recomputed_from_the_paper(authority: Authority) -> None:
    one, other = person(authority), person(authority)
    prepared = acts.prepare_person(blank(), one.credential, **SIGNED)
    seen = inspect(prepared.pdf, prepared.attributes, one.credential)
    assert seen.digest == prepared.digest
    second = acts.prepare_person(blank(number_width=90), one.credential, **SIGNED)
    longer = prepared.attributes[:-1] + bytes([prepared.attributes[-1] ^ 1])
    for pdf, attributes, credential in (
        (second.pdf, prepared.attributes, one.credential),
        (prepared.pdf, prepared.attributes, other.credential),
        (prepared.pdf + b"\n", prepared.attributes, one.credential),
        (prepared.pdf, longer, one.credential),
        (prepared.pdf, prepared.attributes + b"\0", one.credential),
        (prepared.pdf, b"", one.credential),
        (blank(), prepared.attributes, one.credential),
    ):
        code = refusal(lambda p=pdf, a=attributes, c=credential: inspect(p, a, c))  # type: ignore[misc]
        assert code == "not_what_was_shown"
    assert (
        refusal(lambda: inspect(b"no pdf", prepared.attributes, one.credential)) == "unreadable_pdf"
    )


def test_who_waits_too_long_for_the_module_is_told_and_spends_no_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pkcs11, "PATIENCE", 0.01)
    with pkcs11._turn, pytest.raises(Refused) as refused:
        credentials(Place(Path("/nowhere")))
    assert refused.value.code == "token_busy"
