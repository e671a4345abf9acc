"""The whole file written anew, cut, joined, or with bytes around it."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from io import BytesIO
from typing import Any

from pikepdf import Encryption, Pdf

from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.altering.originals import certificate, decision
from tests.engine.signing.altering.registry import attack

HTML = b"<!doctype html><title>Quyet dinh</title><p>Da huy bo</p><!--\n"


def _saved(content: bytes, **told: Any) -> bytes:
    out = BytesIO()
    with Pdf.open(BytesIO(content)) as pdf:
        pdf.save(out, **({"deterministic_id": True} | told))
    return out.getvalue()


@attack("rewritten", "rewritten")
def _rewritten() -> bytes:
    """Opened and saved by another program: all looks the same, no signature holds."""
    return _saved(decision().issued)


@attack("linearized", "rewritten")
def _linearized() -> bytes:
    """Rearranged for quick viewing on the web."""
    return _saved(decision().issued, linearize=True)


@attack("encrypted", "encrypted")
def _encrypted() -> bytes:
    """Closed by a password."""
    # RC4 with fixed keys: newer ciphers would draw their salts by lot.
    closed = Encryption(owner="owner", user="secret", R=3, aes=False, metadata=False)
    return _saved(decision().issued, encryption=closed, static_id=True, deterministic_id=False)


@attack("encrypted-without-password", "encrypted")
def _encrypted_openly() -> bytes:
    """Encrypted, though anybody may open it: the signed bytes are no longer there."""
    closed = Encryption(owner="owner", user="", R=3, aes=False, metadata=False)
    return _saved(decision().issued, encryption=closed, static_id=True, deterministic_id=False)


@attack("printed-again", "no_signature")
def _printed() -> bytes:
    """Number, date and seal as a flat picture of themselves, as printing to a file leaves."""
    out = BytesIO()
    with Pdf.open(BytesIO(decision().issued)) as pdf:
        for page in pdf.pages:
            if "/Annots" in page:
                del page["/Annots"]
        del pdf.Root["/AcroForm"]
        if "/Perms" in pdf.Root:
            del pdf.Root["/Perms"]
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


@attack("page-removed-and-saved", "page_removed")
def _page_removed() -> bytes:
    """A page taken out, and the file written anew."""
    out = BytesIO()
    with Pdf.open(BytesIO(decision().issued)) as pdf:
        del pdf.pages[1]
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


@attack("pages-taken-out", "no_signature")
def _pages_taken_out() -> bytes:
    """The first page alone in a new file: neither form nor data came with it."""
    out = BytesIO()
    with Pdf.open(BytesIO(genuine())) as pdf, Pdf.new() as other:
        other.pages.append(pdf.pages[0])
        other.save(out, deterministic_id=True)
    return out.getvalue()


@attack("line-ends-changed", "damaged")
def _line_ends() -> bytes:
    """Sent as text from a machine of one kind to one of the other."""
    return genuine().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


@attack("code-and-data-torn", "damaged")
def _torn() -> bytes:
    """Some bytes zeroed where the printed code stands, and at the start of what is packed."""
    content = bytearray(genuine())
    content[content.index(b"stream\n") + len("stream\n") + 1] ^= 1
    for code in re.finditer(rb"/p/[0-9a-z]+#", bytes(content)):
        content[code.start() : code.end()] = bytes(code.end() - code.start())
    return bytes(content)


@attack("text-changed-in-place", "bytes_changed")
def _text_in_place() -> bytes:
    """A line of the page painted over, in no byte more than before."""
    content = decision().issued
    with Pdf.open(BytesIO(content)) as pdf:
        plain = pdf.pages[0].Contents.read_bytes()
        packed = pdf.pages[0].Contents.read_raw_bytes()
    # Spaces between operators give way to the new words.
    changed = re.sub(rb"\s+", b" ", plain).replace(b" BT ", b" 1 0 0 rg BT ", 1)
    again = zlib.compress(changed, 9)
    if len(again) > len(packed):
        raise ValueError("the changed text does not fit in place of the old")
    return content.replace(packed, again.ljust(len(packed), b"\0"), 1)


@attack("number-changed-in-place", "bytes_changed")
def _number_in_place() -> bytes:
    """A digit of the number, in the bytes under the seal."""
    content = decision().issued
    # As one writer or another spells the text that begins with 15.
    told = re.search(rb"/V\s*(?:\(\\376\\377\\0001\\0005|<(?i:feff00310035))", content)
    if told is None:
        raise ValueError("the number is not written as it was")
    return content[: told.end() - 1] + b"9" + content[told.end() :]


@attack("time-changed-in-place", "bytes_changed")
def _time_in_place() -> bytes:
    """The time of the seal, a day earlier."""
    content = decision().issued
    place = re.compile(rb"/M \(D(?::|\\072)2026110").search(content, len(decision().signed))
    if place is None:
        raise ValueError("the time is not written as it was")
    return content[: place.end()] + b"4" + content[place.end() + 1 :]


@attack("bit-flipped", "damaged")
def _bit_flipped() -> bytes:
    """One bit of what is packed, as a bad disk would leave it: no reader can open the file."""
    content = bytearray(decision().issued)
    content[content.index(b"stream\n") + len("stream\n") + 1] ^= 1
    return bytes(content)


@attack("space-after-end", "bytes_after")
def _space_after() -> bytes:
    """A line end more."""
    return decision().issued + b"\n"


@attack("words-after-end", "bytes_after")
def _words_after() -> bytes:
    """A remark behind the end, where readers do not look."""
    return decision().issued + b"% het hieu luc tu 01/01/2027\n"


@attack("line-before-start", "bytes_before")
def _before() -> bytes:
    """A line in front of the first byte, which most readers skip."""
    return b"\n" + decision().issued


@attack("web-page-before-start", "bytes_before")
def _html_before() -> bytes:
    """A file that a browser shows as a page and a reader as the paper."""
    return HTML + decision().issued


@attack("archive-after-end", "bytes_after")
def _archive_after() -> bytes:
    """A file that is a paper and an archive of other files at once."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("quyet-dinh.txt", (2026, 11, 5, 0, 0, 0))
        archive.writestr(entry, "Quyết định khác")
    return decision().issued + packed.getvalue()


@attack("cut-in-the-seal", "cut_off")
def _cut() -> bytes:
    """The last part is missing, as after a broken download."""
    return decision().issued[:-1500]


@attack("cut-in-half", "cut_off")
def _cut_in_half() -> bytes:
    """Only the first half is there: not even the leader's signature."""
    content = decision().issued
    return content[: len(content) // 2]


@attack("rolled-back", "rolled_back", verdict="not_issued")
def _rolled_back() -> bytes:
    """Signed by the leader, but never numbered, sealed and issued: the revision before."""
    return decision().signed


@attack("rolled-back-to-draft", "draft", verdict="not_issued", offline="unknown")
def _draft() -> bytes:
    """The first bytes, before anybody signed."""
    return decision().rendered


@attack("two-papers-joined", "two_papers")
def _joined() -> bytes:
    """Two genuine papers, one behind the other."""
    return decision().issued + certificate().issued


@attack("revisions-of-another-paper", "two_papers")
def _foreign_revisions() -> bytes:
    """The revisions of one paper behind the first bytes of another."""
    other = certificate()
    return decision().rendered + other.issued[len(other.rendered) :]
