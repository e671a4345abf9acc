"""A signature has one spelling, and names every certificate that it brings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from engine.signing import cms
from engine.signing import pdf as acts
from engine.signing.signer import _ORDERS, Credential
from tests.engine.signing.altering.signatures import mirrored
from tests.engine.signing.blank import blank
from tests.engine.signing.house import SIGNED, House

MESSAGE = b"signed attributes"


def test_of_two_mirror_images_the_smaller_is_kept(ec_house: House) -> None:
    credential = ec_house.chair.credential
    for signature in (ec_house.chair.sign(MESSAGE), mirrored(ec_house.chair.sign(MESSAGE))):
        assert credential.accepts(MESSAGE, signature)
        settled = credential.settled(signature)
        assert credential.accepts(MESSAGE, settled)
        assert decode_dss_signature(settled)[1] <= _ORDERS["secp256r1"] // 2
    assert credential.settled(settled) == settled


def test_a_token_may_answer_with_either_image(ec_house: House) -> None:
    prepared = acts.prepare_person(blank(), ec_house.chair.credential, **SIGNED)
    signature = ec_house.chair.sign(prepared.attributes)
    one, other = (acts.complete(prepared, s) for s in (signature, mirrored(signature)))
    assert one == other
    assert [report.valid for report in ec_house.judge(one)] == [True]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_the_orders_are_those_of_the_curves(curve: ec.EllipticCurve) -> None:
    """The largest key is one less than the order; with any other, mirror images fail."""
    order = _ORDERS[curve.name]
    key = ec.derive_private_key(order - 1, curve)
    with pytest.raises(ValueError, match=r"(?i)private|invalid"):
        ec.derive_private_key(order, curve).sign(MESSAGE, ec.ECDSA(SHA256()))
    key.sign(MESSAGE, ec.ECDSA(SHA256()))


def test_rsa_signatures_have_no_twin(house: House) -> None:
    signature = house.chair.sign(MESSAGE)
    if len(signature) >= 256:
        assert house.chair.credential.settled(signature) == signature


def test_what_is_signed_names_every_certificate_in_any_order(ec_house: House) -> None:
    own = ec_house.chair.credential
    more = Credential(own.certificate, (*own.chain, ec_house.authority.root))
    turned = replace(more, chain=tuple(reversed(more.chain)))
    assert cms.attributes(more, b"\0" * 32) == cms.attributes(turned, b"\0" * 32)
    assert cms.attributes(more, b"\0" * 32) != cms.attributes(own, b"\0" * 32)
