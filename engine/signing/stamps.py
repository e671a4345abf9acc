"""A document time-stamp appended to a paper (ISO 32000-2, 12.8.5; ETSI EN 319 142-1, 5.4.3).

It covers every byte before it, so the file that was issued stays the beginning of every later
version. That is why the time does not go into the seal's own unsigned attributes: the seal's
room would have to be rewritten, and the issued bytes with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from cryptography.x509 import Certificate
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import DocumentTimestamp, PreparedByteRangeDigest

from engine import clock
from engine.errors import Refusal, Refused
from engine.signing import tokens, trust
from engine.signing.addition import Addition
from engine.signing.tokens import TimeSource, Token

PREFIX = "stamp-"
"""Fields of time stamps are called by it and a running number."""

SKEW = timedelta(minutes=5)
"""How far the clock of a time authority may be from ours."""

_PRINT_AND_LOCKED = 4 | 128
_OUTSIDE = (-1, -1, -1, -1)  # no area, and off the page: nothing to see and nothing to read out


@dataclass(frozen=True, slots=True)
class Stamped:
    """A paper with one more time stamp, and that stamp."""

    pdf: bytes
    token: Token


def stamp(pdf: bytes, source: TimeSource, roots: tuple[Certificate, ...]) -> Stamped:
    """The paper with a time stamp over all of it, asked from an authority and checked before
    it is believed.

    Raises ``Away`` when the authority does not answer, and ``Refused``: ``unreadable_pdf``,
    ``stamp_refused``, ``stamp_unreadable``, ``stamp_mismatch``, ``stamp_time_odd``,
    ``stamp_too_long``, ``time_untrusted`` with every fault of its certificate.
    """
    begun = clock.now()
    prepared, place, imprint = _prepare(pdf, source.room, begun)
    nonce = clock.new_nonce()
    token = tokens.granted(source.answer(tokens.request(imprint, nonce)), imprint, nonce)
    read = tokens.parse(token)
    if not begun - SKEW <= read.time <= clock.now() + SKEW:
        raise Refused(Refusal("stamp_time_odd", {"time": read.time.isoformat()}))
    if faults := [*trust.time_problems(read.credential, roots, read.time)]:
        raise Refused(Refusal("time_untrusted", {"why": ", ".join(faults)}))
    if len(token) > source.room:
        raise Refused(Refusal("stamp_too_long", {"bytes": len(token)}))
    output = BytesIO(prepared)
    place.fill_with_cms(output, token)
    return Stamped(output.getvalue(), read)


def _prepare(pdf: bytes, room: int, at: datetime) -> tuple[bytes, PreparedByteRangeDigest, bytes]:
    """The revision with room for a token, where that is, and the digest to be stamped."""
    revision = Addition(pdf, at)
    try:
        name = _add_field(revision)
    except (KeyError, IndexError, TypeError) as error:
        raise Refused(Refusal("unreadable_pdf")) from error
    steps = PdfCMSEmbedder().write_cms(name, revision, existing_fields_only=True)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=DocumentTimestamp(bytes_reserved=2 * room)))
    place, output = steps.send(SigIOSetup(tokens.DIGEST))
    return output.getvalue(), place, place.document_digest


def _add_field(revision: Addition) -> str:
    """A signature field that nobody sees, on the first page; its name."""
    fields = revision.form["/Fields"]
    taken = [str(field.get_object().get("/T", "")) for field in fields]
    name = f"{PREFIX}{1 + sum(one.startswith(PREFIX) for one in taken)}"
    page = revision.root["/Pages"]
    while "/Kids" in page:
        page = page["/Kids"][0]
    place = page.container_ref
    field = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject("/Sig"),
            NameObject("/T"): TextStringObject(name),
            NameObject("/F"): NumberObject(_PRINT_AND_LOCKED),
            NameObject("/Rect"): ArrayObject(map(NumberObject, _OUTSIDE)),
            NameObject("/P"): IndirectObject(place.idnum, place.generation, revision),
        }
    )
    own = revision.add_object(field)
    for array in (fields, page["/Annots"]):
        array.append(own)
        revision.update_container(array)
    return name
