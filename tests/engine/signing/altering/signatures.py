"""Signatures of strangers, copied and moved ones, and the same signature spelled otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

from asn1crypto import cms as asn1
from asn1crypto import x509 as certificates
from asn1crypto.core import OctetString
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509 import load_pem_x509_certificates
from pikepdf import Array, Dictionary, Name, Pdf
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.signers.cms_embedder import SigMDPSetup

from engine.signing import cms
from engine.signing import pdf as acts
from engine.signing.certificates import der, to_asn1
from engine.signing.coverage import facts
from engine.signing.pdf import Prepared
from tests.engine.signing.altering.content import note
from tests.engine.signing.altering.editing import Editor, appended, sign
from tests.engine.signing.altering.keys import holder, roots_pem
from tests.engine.signing.altering.originals import (
    certificate,
    decision,
    issue,
    rendered,
)
from tests.engine.signing.altering.registry import attack
from tests.engine.signing.house import ISSUED, SIGNED

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _stolen(pdf: bytes, role: int) -> bytes:
    """The CMS of a signature, without its padding."""
    first, second = facts(pdf).covered[role].gap
    padded = bytes.fromhex(pdf[first + 1 : second - 1].decode())
    return bytes(asn1.ContentInfo.load(padded).dump())


def put(pdf: bytes, role: int, container: bytes) -> bytes:
    """The file with another CMS in the place of a signature; where there is no room for all of
    it, without its intermediates."""
    first, second = facts(pdf).covered[role].gap
    if 2 * len(container) > second - first - 2:
        container = _lean(container)
    spelled = b"<%s>" % container.hex().upper().encode().ljust(second - first - 2, b"0")
    if len(spelled) != second - first:
        raise ValueError("no room for that signature")
    return pdf[:first] + spelled + pdf[second:]


def _lean(container: bytes) -> bytes:
    """A CMS with the signer's certificate alone; no signature covers the others."""
    content = asn1.ContentInfo.load(container)
    signed = content["content"]
    own = signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    kept = [one for one in signed["certificates"] if one.chosen.serial_number == own]
    signed["certificates"] = kept
    return bytes(content.dump(force=True))


def _never_signed(number: str) -> bytes:
    """A false paper with both acts prepared by someone who holds no key."""
    first = rendered("district_decision")
    leader, agency = holder("chair").credential, holder("agency").credential
    signed = acts.prepare_person(first, leader, **SIGNED)
    told = ISSUED | {"number": number}
    return acts.prepare_issue(signed.pdf, agency, **told).pdf


@attack("copied-signatures", "copied_signature")
def _copied() -> bytes:
    """A paper nobody signed, with both signatures taken from a genuine one."""
    false = _never_signed("17/QĐ-UBND")
    for role in (0, 1):
        false = put(false, role, _stolen(decision().issued, role))
    return false


@attack("copied-seal", "copied_signature")
def _copied_seal() -> bytes:
    """Signed by the leader, never issued; the seal taken from another paper."""
    credential = holder("agency").credential
    prepared = acts.prepare_issue(decision().signed, credential, **ISSUED)
    return put(prepared.pdf, 1, _stolen(certificate().issued, 1))


@attack("moved-signature", "copied_signature")
def _moved() -> bytes:
    """The paper's own seal, put into the place of its first signature."""
    return put(decision().issued, 0, _stolen(decision().issued, 1))


@attack("swapped-signatures", "copied_signature")
def _swapped() -> bytes:
    """Signature and seal in each other's places."""
    content = decision().issued
    taken = [_stolen(content, role) for role in (1, 0)]
    for role in (0, 1):
        content = put(content, role, taken[role])
    return content


@attack("stranger-with-same-names", "same_names", verdict="unknown")
def _same_names() -> bytes:
    """Signed and sealed by an authority that gives itself and its holders our names."""
    first = rendered("district_decision")
    return issue(first, chair="forged-chair", agency="forged-agency").issued


@attack("sealed-by-stranger", "same_names")
def _sealed_by_stranger() -> bytes:
    """The leader's genuine signature, and a seal of the same name by somebody else."""
    return acts.issue(decision().signed, holder("forged-agency"), **ISSUED)


@attack("signed-by-stranger", "foreign_signature", verdict="unknown")
def _stranger() -> bytes:
    """A contract of other people, validly signed with their own key."""
    out = BytesIO()
    with Pdf.new() as pdf:
        page = pdf.add_blank_page(page_size=(595, 842))
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        page.Contents = pdf.make_stream(b"BT /F1 24 Tf 90 700 Td (Contract of sale) Tj ET")
        pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=Array()))
        pdf.save(out, deterministic_id=True)
    return appended_signature(out.getvalue(), "stranger")


def _about(**more: object) -> dict[str, object]:
    """What attribute certificates of either version say besides, about nothing."""
    ends = [datetime(year, 1, 1, tzinfo=UTC) for year in (2026, 2036)]
    period = {"not_before_time": ends[0], "not_after_time": ends[1]}
    kind = {"algorithm": "sha256_ecdsa"}
    told = {"signature": kind, "serial_number": 1, "attributes": []}
    info = {**told, "att_cert_validity_period": period, **more}
    return {"ac_info": info, "signature_algorithm": kind, "signature": bytes(8)}


@attack("signed-with-attribute-certificates", "foreign_signature", verdict="unknown")
def _with_attributes() -> bytes:
    """The same contract, whose signature carries attribute certificates of both versions."""
    whose = certificates.GeneralName(
        "directory_name", certificates.Name.build({"common_name": "A"})
    )
    old = {"version": "v1", "subject": asn1.AttCertSubject("subject_name", [whose])}
    issuer = asn1.AttCertIssuer("v2_form", {"issuer_name": [whose]})
    new = {"version": "v2", "holder": {"entity_name": [whose]}, "issuer": issuer}
    extra = (
        ("v1_attr_cert", asn1.AttributeCertificateV1(_about(**old, issuer=[whose]))),
        ("v2_attr_cert", asn1.AttributeCertificateV2(_about(**new))),
    )
    content = _stranger()
    container = asn1.ContentInfo.load(_stolen(content, 0)).copy()
    signed = container["content"]
    added = [asn1.CertificateChoices(*one) for one in extra]
    signed["certificates"] = [*signed["certificates"], *added]
    return put(content, 0, container.dump(force=True))


@attack("from-a-demonstration", "specimen", verdict="unknown")
def _specimen() -> bytes:
    """A paper of a test installation, whose certificates say so themselves."""
    first = rendered("district_decision")
    return issue(first, chair="demo-chair", agency="demo-agency").issued


@attack("sealed-by-another-agency", "never_issued")
def _other_agency() -> bytes:
    """Signed by the leader, sealed with the valid seal of the agency next door."""
    return acts.issue(decision().signed, holder("other-agency"), **ISSUED)


@attack("sealed-twice", "never_issued")
def _sealed_twice() -> bytes:
    """Issued once more under another number, with the real keys and past the register."""
    return acts.issue(decision().signed, holder("agency"), **(ISSUED | {"number": "18/QĐ-UBND"}))


@attack("numbered-but-not-sealed", "rolled_back")
def _not_sealed() -> bytes:
    """Number and date filled in by anybody, and no seal."""

    def fill(editor: Editor) -> None:
        editor.fill("number", ISSUED["number"])
        editor.fill("date", ISSUED["date_text"])

    return appended(decision().signed, fill)


def appended_signature(pdf: bytes, key: str, *, covering: bool = False) -> bytes:
    """One more signature by somebody, in a field of its own."""
    box = (60, 380, 540, 460) if covering else (10, 10, 60, 60)
    field = SigFieldSpec("witness", box=box)
    made = appended(pdf, lambda editor: append_signature_field(editor, field))
    editor = Editor(made)
    if covering:
        editor.draw("witness", 480, 80, b"1 1 1 rg 0 0 480 80 re f")
    return sign(editor, "witness", holder(key), SigMDPSetup("sha256"))


@attack("evil-annotation", "foreign_revision")
def _evil_annotation() -> bytes:
    """Certification attack: after the leader certified, a note covers the text; then the
    clerk is led to seal it. (Mainka, Mladenov, Rohlmann 2021.)"""
    between = appended(decision().signed, note)
    return acts.issue(between, holder("agency"), **ISSUED)


@attack("sneaky-signature", "foreign_revision")
def _sneaky() -> bytes:
    """Certification attack: a stranger's signature, drawn over the text, before the seal."""
    between = appended_signature(decision().signed, "stranger", covering=True)
    return acts.issue(between, holder("agency"), **ISSUED)


@attack("signature-after-seal", "form_changed")
def _after_seal() -> bytes:
    """A stranger's valid signature behind the seal, drawn over the text."""
    return appended_signature(decision().issued, "stranger", covering=True)


@attack("certified-for-notes", "never_issued")
def _permissive() -> bytes:
    """Certified by the real leader so that anybody may add notes; then a note was added."""
    loose = SigMDPSetup("sha256", certify=True, docmdp_perms=MDPPerm.ANNOTATE)
    signed = sign(Editor(decision().rendered), "signature", holder("chair"), loose)
    return appended(signed, note)


def _respelled(content: bytes, **changed: object) -> bytes:
    """The seal's CMS with other values in what no signature covers."""
    container = asn1.ContentInfo.load(_stolen(content, 1)).copy()
    signed = container["content"]
    for part, value in changed.items():
        if part == "certificates":
            signed[part] = value
        else:
            signed["signer_infos"][0][part] = value
    return put(content, 1, container.dump(force=True))


@attack("unsigned-attribute-added", "respelled")
def _unsigned() -> bytes:
    """A remark in the seal's container, where its signature does not reach."""
    content = decision().issued
    remark = asn1.CMSAttribute({"type": "1.3.6.1.4.1.55555.1", "values": [OctetString(b"x")]})
    return _respelled(content, unsigned_attrs=asn1.CMSAttributes([remark]))


def _certificates(*extra: bytes) -> list[asn1.CertificateChoices]:
    credential = holder("agency").credential
    own = to_asn1((credential.certificate, *credential.chain))
    more = [certificates.Certificate.load(one) for one in extra]
    return [asn1.CertificateChoices("certificate", one) for one in (*own, *more)]


@attack("certificate-added", "respelled")
def _certificate_added() -> bytes:
    """One more certificate among those that the seal carries."""
    (root,) = load_pem_x509_certificates(roots_pem())
    return _respelled(decision().issued, certificates=_certificates(der(root)))


@attack("certificate-respelled", "respelled")
def _certificate_respelled() -> bytes:
    """The issuing authority's certificate with the mirror image of its signature: as valid
    as before, and other bytes."""
    credential = holder("agency").credential
    leaf, above = to_asn1((credential.certificate, *credential.chain))
    twin = above.copy()
    twin["signature_value"] = mirrored(above["signature_value"].native)
    chain = [asn1.CertificateChoices("certificate", one) for one in (leaf, twin)]
    return _respelled(decision().issued, certificates=chain)


def mirrored(signature: bytes) -> bytes:
    """(r, n - s): the other of the two signatures that one ECDSA signature gives away."""
    first, second = decode_dss_signature(signature)
    return encode_dss_signature(first, P256_ORDER - second)


@attack("signature-mirrored", "respelled")
def _mirrored() -> bytes:
    """The mirror image of the seal's own signature, which any library calls valid."""
    content = decision().issued
    info = asn1.ContentInfo.load(_stolen(content, 1))["content"]["signer_infos"][0]
    return _respelled(content, signature=mirrored(info["signature"].native))


@attack("padding-filled", "respelled")
def _padding() -> bytes:
    """Words in the room that the seal left unused."""
    content = decision().issued
    second = facts(content).covered[1].gap[1]
    return content[: second - 9] + b"48414C4C>" + content[second:]


@attack("hex-in-small-letters", "odd_coverage")
def _small_letters() -> bytes:
    """The same seal in small hexadecimal letters."""
    content = decision().issued
    first, second = facts(content).covered[1].gap
    return content[:first] + content[first:second].lower() + content[second:]


def forged(prepared: Prepared, pdf: bytes, parts: tuple[slice, ...], key: str) -> bytes:
    """A signature over chosen parts of a file by one who holds the key."""
    covered = b"".join(pdf[part] for part in parts)
    attributes = cms.attributes(prepared.credential, cms.digest(covered))
    false = replace(prepared, pdf=pdf, attributes=attributes)
    return acts.complete(false, holder(key).sign(attributes))
