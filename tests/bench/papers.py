"""Papers laid out, signed and checked, beside the libraries' own straightforward ways."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from engine.papers import fonts
from engine.papers.render import Renderer
from engine.signing import pdf as acts
from engine.signing import software
from engine.signing.validate import validate
from tests.bench.ground import Ground
from tests.bench.measure import Figure, paired
from tests.bench.straight import alone
from tests.engine.signing.house import ISSUED, SIGNED, House, agency, person, signer

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "papers"
KINDS = ("commune_decision", "certificate")
ROUNDS = 15
MANY = 60
PIN = "246810"


@dataclass(frozen=True, slots=True)
class Keys:
    """A leader and an agency with RSA-2048 keys, and the same as a library takes them."""

    house: House
    sealed: tuple[bytes, bytes]

    @classmethod
    def make(cls) -> Keys:
        authority = House.authority_named("The benchmark")
        issued = (person(authority, algorithm="rsa"), agency(authority, algorithm="rsa"))
        house = House(authority, *map(signer, issued))
        return cls(house, (issued[0].sealed(PIN), issued[1].sealed(PIN)))


ROWS, ROW_LIMIT = (27, 234), 4.0


def figures(ground: Ground) -> Iterator[Figure]:
    """One paper of each kind through its whole life, and an annex as long as they come."""
    renderer, keys = Renderer(FOLDER), Keys.make()
    few, many = ground.rounds(ROUNDS), ground.rounds(MANY)
    for kind in KINDS:
        yield _layout(renderer, kind, few)
    yield from _annex(renderer, ground.tiny)
    rendered = renderer.render(KINDS[0], sample(KINDS[0]))
    yield from _signing(rendered, keys, many)
    yield from _checking(_both_acts(rendered, keys.house), keys, many)


def _layout(renderer: Renderer, kind: str, rounds: int) -> Figure:
    values = sample(kind)
    page = plain(renderer, kind, values)
    return paired(
        f"{kind} laid out",
        lambda: renderer.lay_out(kind, values),
        "WeasyPrint's own write_pdf",
        lambda: alone(page),
        rounds=rounds,
        warm=2,
    )


def _annex(renderer: Renderer, tiny: bool) -> Iterator[Figure]:
    """What a row costs where the rows are few, and what it costs where they are many."""
    costs = []
    for rows in ROWS:
        values = sample(KINDS[0])
        values["areas"] = [
            {**values["areas"][0], "position": n, "name": f"Thôn {n}"}
            for n in range(1, (3 if tiny else rows) + 1)
        ]
        begun = time.process_time()
        renderer.render(KINDS[0], values)
        costs.append((time.process_time() - begun) * 1000 / len(values["areas"]))
    few, many = costs
    yield Figure(f"a row of an annex of {ROWS[1]}", many, "ms", limit=ROW_LIMIT)
    yield Figure("the same", many, "ms", f"of {ROWS[0]}", few, limit=1.0)


def sample(kind: str) -> dict[str, Any]:
    """The ordinary values of a kind."""
    text = (FOLDER / "samples" / f"{kind}.json").read_text(encoding="utf-8")
    values: dict[str, Any] = json.loads(text)
    return values


def plain(renderer: Renderer, kind: str, values: dict[str, Any]) -> str:
    """The same page with its style, typeface and pictures named in it, for anybody to lay
    out."""
    files = fonts.files()
    faces = fonts.font_face("paper:font/{style}")
    style = (FOLDER / renderer.templates.stylesheet(kind)).read_text(encoding="utf-8")
    page = renderer.templates.html(kind, values)
    page = page.replace("</head>", f"<style>{faces}\n{style}</style></head>")
    page = re.sub(r"paper:font/(\w+)", lambda found: files[found[1]].as_uri(), page)
    return re.sub(
        r"paper:asset/([\w.-]+)", lambda found: (FOLDER / "assets" / found[1]).as_uri(), page
    )


def _both_acts(rendered: bytes, house: House) -> bytes:
    return acts.issue(acts.sign_person(rendered, house.chair, **SIGNED), house.agency, **ISSUED)


def _signing(rendered: bytes, keys: Keys, rounds: int) -> Iterator[Figure]:
    house = keys.house
    raw = [_raw(sealed) for sealed in keys.sealed]
    yield paired(
        "one paper signed, numbered, dated and sealed",
        lambda: _both_acts(rendered, house),
        "two raw RSA-2048 signatures",
        lambda: [key.sign(rendered, padding.PKCS1v15(), SHA256()) for key in raw],
        rounds=rounds,
    )
    library = [_library_signer(sealed) for sealed in keys.sealed]
    yield paired(
        "the same",
        lambda: _both_acts(rendered, house),
        "pyHanko's SimpleSigner twice, nothing drawn or filled in",
        lambda: _by_library(rendered, library),
        rounds=rounds,
    )
    yield paired(
        "a key opened by its PIN",
        lambda: software.open_key(keys.sealed[0], PIN),
        "a raw RSA-2048 signature",
        lambda: raw[0].sign(rendered, padding.PKCS1v15(), SHA256()),
        rounds=rounds,
    )


def _raw(sealed: bytes) -> rsa.RSAPrivateKey:
    key = pkcs12.load_key_and_certificates(sealed, PIN.encode())[0]
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the benchmark's keys are RSA keys")
    return key


def _library_signer(sealed: bytes) -> Any:
    return signers.SimpleSigner.load_pkcs12_data(sealed, other_certs=[], passphrase=PIN.encode())


def _by_library(content: bytes, library: list[Any]) -> bytes:
    leader = signers.PdfSignatureMetadata(
        field_name="signature",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    seal = signers.PdfSignatureMetadata(field_name="seal", subfilter=SigSeedSubFilter.PADES)
    for wanted, key in zip((leader, seal), library, strict=True):
        writer = IncrementalPdfFileWriter(BytesIO(content))
        signed = signers.sign_pdf(writer, wanted, signer=key, existing_fields_only=True)
        content = signed.getvalue()
    return content


def _checking(issued: bytes, keys: Keys, rounds: int) -> Iterator[Figure]:
    house = keys.house
    yield paired(
        "one issued paper checked",
        lambda: validate(issued, house.roots),
        "pyHanko's validate_pdf_signature twice",
        lambda: _checked_by_library(issued, house),
        rounds=rounds,
    )


def _checked_by_library(issued: bytes, house: House) -> None:
    from asn1crypto.x509 import Certificate
    from cryptography.hazmat.primitives.serialization import Encoding

    roots = [Certificate.load(root.public_bytes(Encoding.DER)) for root in house.roots.signing]
    reader = PdfFileReader(BytesIO(issued))
    for signature in reader.embedded_signatures:
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        status = validate_pdf_signature(signature, context)
        if not status.intact:
            raise RuntimeError("the benchmark's own paper does not hold")
