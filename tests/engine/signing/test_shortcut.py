"""The quick check of known papers says what the full judgement says, or nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.signing import pdf as acts
from engine.signing.certificates import Roots, load_roots
from engine.signing.coverage import facts
from engine.signing.shortcut import judge
from engine.signing.validate import validate
from tests.engine.signing.altering.keys import FOLDER, roots_pem
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.blank import blank
from tests.engine.signing.house import ISSUED, SIGNED, House, Stages, agency, person, signer
from tests.engine.signing.test_keys import without_commitment


@pytest.mark.parametrize("stage", ["signed", "issued"])
def test_a_paper_in_order_gets_the_very_reports_of_the_full_judgement(
    house: House, stages: Stages, stage: str
) -> None:
    content = getattr(stages, stage)
    assert judge(content, house.roots) == house.judge(content)


@pytest.mark.parametrize("name", ["genuine-enclosing", "genuine-annex"])
def test_a_stamped_file_gets_the_very_reports_of_the_full_judgement(name: str) -> None:
    ours, annex = load_roots(roots_pem()), name.endswith("annex")
    roots = Roots.common(ours, ours)
    whole = genuine(name)
    for content in (whole[: facts(whole).covered[-2].end], whole):  # at B-T, and at B-LTA
        assert judge(content, roots, annex=annex) == validate(content, roots)


def test_an_unsigned_paper_is_left_to_the_full_judgement(ec_house: House, paper: Stages) -> None:
    assert judge(paper.rendered, ec_house.roots) is None
    assert judge(b"", ec_house.roots) is None


def test_a_changed_byte_anywhere_is_left_to_the_full_judgement(
    ec_house: House, paper: Stages
) -> None:
    dice = random.Random(20261124)  # noqa: S311
    gaps = [covered.gap for covered in facts(paper.issued).covered]
    places = dice.sample(range(len(paper.issued)), 60)
    places += [dice.randrange(*gap) for gap in gaps for _ in range(60)]
    for place in places:
        altered = bytearray(paper.issued)
        altered[place] ^= 1 << dice.randrange(8)
        assert judge(bytes(altered), ec_house.roots) is None, place


@pytest.mark.parametrize(
    "name",
    [
        "certificate-added",
        "certificate-respelled",
        "signature-mirrored",
        "unsigned-attribute-added",
        "padding-filled",
        "space-after-end",
        "copied-seal",
        "sneaky-signature",
    ],
)
def test_what_only_a_careful_reader_sees_is_left_to_it(name: str) -> None:
    from engine.signing.certificates import load_roots
    from tests.engine.signing.altering.keys import roots_pem

    roots = Roots.common(load_roots(roots_pem()))
    assert judge((FOLDER / f"{name}.pdf").read_bytes(), roots) is None


def test_other_roots_are_left_to_the_full_judgement(ec_house: House, paper: Stages) -> None:
    other = replace(ec_house, authority=House.authority_named("Other"))
    assert judge(paper.issued, other.roots) is None
    assert judge(paper.issued, Roots()) is None


@pytest.mark.parametrize("changed", [{"since": date(2027, 1, 1), "years": 3}, {"years": 1}])
def test_a_certificate_out_of_its_term_is_left_to_the_full_judgement(
    ec_house: House, changed: dict[str, Any]
) -> None:
    chair = signer(person(ec_house.authority, **changed))
    signed = acts.sign_person(blank(), chair, **SIGNED)
    assert judge(signed, ec_house.roots) is None
    assert [report.valid for report in ec_house.judge(signed)] == [False]


def test_a_certificate_of_another_use_is_left_to_the_full_judgement(ec_house: House) -> None:
    signed = acts.sign_person(blank(), signer(without_commitment(ec_house.authority)), **SIGNED)
    assert judge(signed, ec_house.roots) is None


def test_keys_in_each_others_places_are_left_to_the_full_judgement(ec_house: House) -> None:
    signed = acts.sign_person(blank(), ec_house.agency, **SIGNED)
    assert judge(acts.issue(signed, ec_house.chair, **ISSUED), ec_house.roots) is None


def test_an_issuer_that_is_no_authority_is_left_to_the_full_judgement(ec_house: House) -> None:
    """A person's key that issues certificates: the chain links, but may not."""
    chair = person(ec_house.authority)
    usurper = replace(ec_house.authority, agencies=chair)
    false = agency(usurper)
    chained = replace(
        false.credential, chain=(chair.credential.certificate, *chair.credential.chain)
    )
    sealed = acts.issue(
        acts.sign_person(blank(), ec_house.chair, **SIGNED),
        signer(replace(false, credential=chained)),
        **ISSUED,
    )
    assert judge(sealed, ec_house.roots) is None
    assert not all(report.valid for report in ec_house.judge(sealed))
