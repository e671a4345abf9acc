"""The short judgement of what was signed here agrees with the long one of what comes from
anywhere: both accept each act as it was made, and neither accepts it with anything changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

import pytest

from engine.errors import Refused
from engine.signing import believing, coverage
from engine.signing import pdf as acts
from engine.signing.signer import Credential
from tests.engine.signing.house import AT, ISSUED, LATER, SIGNED, House, Stages, person, signer


def short(base: bytes, content: bytes, credential: Credential) -> bool:
    return not believing.problems(base, content, credential, AT)


def full(house: House, content: bytes) -> bool:
    try:
        reports = house.judge(content)
    except Refused:
        return False
    return bool(reports) and all(report.valid for report in reports)


def test_both_acts_are_believed(house: House, stages: Stages) -> None:
    assert short(stages.rendered, stages.signed, house.chair.credential)
    assert short(stages.signed, stages.issued, house.agency.credential)
    assert full(house, stages.signed)
    assert full(house, stages.issued)


def test_no_byte_of_an_act_may_differ(ec_house: House, paper: Stages) -> None:
    """Of the revision, each in turn by the short judgement, a sample of them by both."""
    credential, base, content = ec_house.agency.credential, paper.signed, paper.issued
    places = range(len(base), len(content))
    believed = [n for n in places if short(base, flipped(content, n), credential)]
    assert believed == []
    for place in random.Random(7).sample(places, 12):  # noqa: S311 - which bytes are tried
        assert not full(ec_house, flipped(content, place))


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def in_the_base(content: bytes) -> bytes:
    return flipped(content, len(content) // 4)


def lower_case(content: bytes) -> bytes:
    first, second = coverage.facts(content).covered[-1].gap
    return content[:first] + content[first:second].lower() + content[second:]


def filled_up(content: bytes) -> bytes:
    """Something behind the envelope, where zeros should be."""
    second = coverage.facts(content).covered[-1].gap[1]
    return content[: second - 3] + b"01" + content[second - 1 :]


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "a byte of the base": in_the_base,
    "a byte at the end": lambda content: content + b"\n",
    "cut": lambda content: content[:-1],
    "an envelope spelled otherwise": lower_case,
    "an envelope with something behind it": filled_up,
    "nothing at all": lambda content: b"",
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_an_altered_act_is_believed_by_neither(
    ec_house: House, paper: Stages, alteration: str
) -> None:
    changed = ALTERED[alteration](paper.issued)
    assert not short(paper.signed, changed, ec_house.agency.credential)
    assert not full(ec_house, changed)


def test_an_empty_place_is_no_signature(ec_house: House, paper: Stages) -> None:
    prepared = acts.prepare_issue(paper.signed, ec_house.agency.credential, **ISSUED)
    assert not short(paper.signed, prepared.pdf, ec_house.agency.credential)
    assert not full(ec_house, prepared.pdf)


def test_anothers_signature_is_not_believed(ec_house: House, paper: Stages) -> None:
    """Signed by another key under this certificate, or by this key under another."""
    other = signer(person(ec_house.authority))
    theirs = acts.sign_person(paper.rendered, other, **SIGNED)
    assert short(paper.rendered, theirs, other.credential)
    assert not short(paper.rendered, theirs, ec_house.chair.credential)
    assert not short(paper.rendered, paper.signed, other.credential)


def test_a_certificate_is_believed_only_while_it_holds(ec_house: House, paper: Stages) -> None:
    credential = ec_house.chair.credential
    certificate = credential.certificate
    for at, code in (
        (certificate.not_valid_before_utc - timedelta(seconds=1), "not_yet_valid"),
        (certificate.not_valid_after_utc + timedelta(seconds=1), "expired"),
    ):
        assert believing.problems(paper.rendered, paper.signed, credential, at) == (code,)
    assert believing.problems(paper.rendered, paper.signed, credential, LATER) == ()


def test_two_acts_at_once_are_not_one(ec_house: House, paper: Stages) -> None:
    assert not short(paper.rendered, paper.issued, ec_house.agency.credential)
