"""What is done to a paper after its last time stamp, to its evidence, and to its stamps."""

from __future__ import annotations

import re
from datetime import timedelta

from pyhanko.pdf_utils.generic import ArrayObject, NullObject, TextStringObject

from engine.signing.coverage import facts
from tests.engine.signing.altering.editing import (
    Editor,
    appended,
    dictionary,
    last_table,
    name,
    page_of,
    rectangle,
    stream,
    whole_of,
)
from tests.engine.signing.altering.lasting import (
    evidenced,
    held,
    stages,
    stamped,
)
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.altering.registry import attack

PAPER = "genuine-enclosing"
SECOND_PAGE = b"5 0 obj\n<< /Type /Page /MediaBox [0 0 595 842] >>\nendobj\n"


def appended_note(editor: Editor) -> None:
    page = page_of(editor)
    note = dictionary(
        Type=name("/Annot"),
        Subtype=name("/Text"),
        Rect=rectangle(90, 600, 110, 620),
        Contents=TextStringObject("Het hieu luc"),
    )
    notes = ArrayObject([*page["/Annots"], editor.add_object(note)])
    page[name("/Annots")] = notes
    editor.update_container(page)


@attack("lasting-note-added", "annotation_added")
def _note() -> bytes:
    """A note appended after the last time stamp, where only stamps and evidence may follow."""
    return appended(genuine(PAPER), appended_note)


@attack("lasting-note-under-a-stamp", "annotation_added")
def _note_stamped() -> bytes:
    """The same, and a genuine time stamp of the same authority put over it."""
    return stamped(appended(genuine(PAPER), appended_note), later=timedelta(minutes=2))


def _listed(content: bytes, body: bytes, entries: bytes) -> bytes:
    """A revision by hand: objects, no line in its table, and a trailer."""
    before, at = last_table(content), len(content) + len(body)
    told = b"xref\n0 0\ntrailer\n<< %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n"
    return content + body + told % (entries, before, at)


@attack("lasting-nothing-appended", "appended")
def _nothing() -> bytes:
    """A revision of no object after the last time stamp; title and identifier are left out."""
    content = genuine(PAPER)
    return _listed(content, b"", b"/Size %d /Root %s" % whole_of(content))


@attack("lasting-page-unlisted", "appended")
def _unlisted() -> bytes:
    """A second first page, which no table lists: whoever mends the file shows that one."""
    content = genuine(PAPER)
    return _listed(content, SECOND_PAGE, b"/Size %d /Root %s" % whole_of(content))


@attack("lasting-page-unlisted-under-a-stamp", "changed_after")
def _unlisted_under_a_stamp() -> bytes:
    """The same beside true evidence, in one revision with it, and a genuine stamp over both."""
    _issued, _timestamped, told, _archived = stages(PAPER)
    end = told.rindex(b"startxref")
    return stamped(told[:end] + SECOND_PAGE + told[end:], later=timedelta(minutes=2))


@attack("lasting-page-unended", "appended")
def _unended() -> bytes:
    """A second first page beside true evidence, without the word that ends an object."""
    _issued, _timestamped, told, _archived = stages(PAPER)
    end = told.rindex(b"startxref")
    return told[:end] + SECOND_PAGE.removesuffix(b"endobj\n") + told[end:]


@attack("lasting-evidence-emptied", "evidence_changed")
def _emptied() -> bytes:
    """The store of evidence taken away by an appended revision."""

    def change(editor: Editor) -> None:
        store = editor.root["/DSS"]
        store[name("/CRLs")] = ArrayObject()
        editor.update_container(store)

    return appended(genuine(PAPER), change)


@attack("lasting-evidence-replaced", "evidence_changed")
def _replaced() -> bytes:
    """The lists of the authorities replaced by those of a stranger's authority."""

    def change(editor: Editor) -> None:
        store = editor.root["/DSS"]
        lists = [stream(editor, one) for one in held(lists="stranger").crls]
        store[name("/CRLs")] = ArrayObject(lists)
        editor.update_container(store)

    return appended(genuine(PAPER), change)


@attack("lasting-evidence-of-others", "evidence_changed")
def _of_others() -> bytes:
    """Evidence about keys that signed nothing here, added as evidence may be."""
    return evidenced(genuine(PAPER), held("stranger-time", lists="stranger"))


@attack("lasting-evidence-is-none", "evidence_changed")
def _is_none() -> bytes:
    """Another file hidden among the evidence, as a piece of it."""

    def change(editor: Editor) -> None:
        store = editor.root["/DSS"]
        hidden = stream(editor, b"<!doctype html><title>Quyet dinh</title><p>Da huy bo</p>")
        store[name("/Certs")] = ArrayObject([*store["/Certs"], hidden])
        editor.update_container(store)

    return appended(genuine(PAPER), change)


@attack("lasting-evidence-under-a-stamp", "evidence_changed")
def _hidden_under_a_stamp() -> bytes:
    """Evidence about strangers' keys in an issued paper, under a genuine time stamp."""
    issued, *_ = stages(PAPER)
    return stamped(evidenced(issued, held("stranger-time", lists="stranger")))


@attack("lasting-stamp-emptied", "broken_signature")
def _stamp_emptied() -> bytes:
    """The last time stamp wiped out in its place."""
    content = genuine(PAPER)
    start, end = facts(content).covered[-1].gap
    return content[: start + 1] + b"0" * (end - start - 2) + content[end - 1 :]


@attack("lasting-stamp-taken-off", "changed_after")
def _stamp_taken_off() -> bytes:
    """The last time stamp taken out of its field by an appended revision."""

    def change(editor: Editor) -> None:
        field = editor.field("stamp-2")
        field[name("/V")] = NullObject()
        editor.update_container(field)

    return appended(genuine(PAPER), change)


@attack("lasting-stamp-of-another-file", "bytes_changed")
def _stamp_of_another() -> bytes:
    """The last time stamp replaced by a genuine one of another file."""
    content, other = genuine(PAPER), genuine("genuine-annex")
    (start, end), (first, last) = (facts(one).covered[-1].gap for one in (content, other))
    token = other[first + 1 : last - 1]
    return content[: start + 1] + token[: end - start - 2] + content[end - 1 :]


@attack("lasting-stamp-by-a-stranger", "foreign_signature")
def _stamp_by_stranger() -> bytes:
    """The last time stamp replaced by one of an authority that nobody here trusts."""
    *_, evidenced_, _ = stages(PAPER)
    return stamped(evidenced_, "stranger-time", timedelta(minutes=1))


@attack("lasting-number-changed", "bytes_changed")
def _number() -> bytes:
    """One letter of what the clerk wrote changed in its place, under every stamp."""
    content = genuine(PAPER)
    found = [
        *re.finditer(rb"/V <FEFF[0-9A-Fa-f]+>|/V \(\xfe\xff[^)]+\)|/V <feff[0-9a-f]+>", content)
    ]
    place = found[0].end() - 3
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@attack("lasting-evidence-flipped", "bytes_changed")
def _evidence_flipped() -> bytes:
    """One byte of the evidence changed in its place."""
    *_, before, _ = stages(PAPER)
    place = before.rindex(b"endstream", 0, before.rindex(b"/DSS")) - 200
    content = genuine(PAPER)
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@attack("lasting-cut-in-the-stamp", "broken_signature")
def _cut() -> bytes:
    """The file ends in the middle of its last time stamp."""
    content = genuine(PAPER)
    start, end = facts(content).covered[-1].gap
    return content[: (start + end) // 2]


@attack("lasting-words-after-end", "bytes_after")
def _words() -> bytes:
    """A remark behind the last time stamp."""
    return genuine(PAPER) + b"% Het hieu luc\n"
