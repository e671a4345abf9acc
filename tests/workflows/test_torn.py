"""What is left of a paper is named altered without a network, however it was torn or wrapped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, AttachedFileSpec, Dictionary, Name, ObjectStreamMode, Pdf
from sqlalchemy.orm import Session

from engine.signing import cage, embedded
from engine.signing.coverage import facts
from tests.databases import Databases, create_tables, opened
from tests.engine.signing.altering.manifest import genuine
from tests.workflows.register import ITS_PAPER, LIST, PAPERS, Register, issue_all, stages
from workflows import trust
from workflows.checked import Checked
from workflows.offline import check_file
from workflows.trust import Bundle
from workflows.verification import verify

IN_A_CHILD = cage.ask
NAMES = (*PAPERS, LIST)
HALF = 0.55
"""A certificate has what tells it, its form and its data, in its second half."""


@pytest.fixture(scope="module")
def register(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Register, Bundle]]:
    url = databases.copy("sqlite", create_tables)
    with opened(url) as engine, Session(engine) as session:
        made = issue_all(session, tmp_path_factory.mktemp("torn"))
        told = trust.export(session, made.desk)
        yield made, Bundle.read(json.dumps(told).encode())
    databases.drop(url)


@pytest.fixture(scope="module")
def bundle(register: tuple[Register, Bundle]) -> Bundle:
    return register[1]


def check(content: bytes, bundle: Bundle, paper: bytes | None = None) -> Checked:
    return check_file(content, bundle, paper=paper, ask=cage.answer)


def codes(found: Checked) -> list[str]:
    return [one.code for one in found.problems]


# ------------------------------------------------------------------ torn

Tear = Callable[[bytes, int, int], bytes]
TEARS: dict[str, Tear] = {
    "zeroed": lambda file, a, b: file[:a] + bytes(b - a) + file[b:],
    "flipped": lambda file, a, b: file[:a] + bytes(x ^ 1 for x in file[a:b]) + file[b:],
    "deleted": lambda file, a, b: file[:a] + file[b:],
    "inserted": lambda file, a, b: file[:a] + bytes(range(256)) + file[a:],
    "doubled": lambda file, a, b: file[:b] + file[a:b] + file[b:],
    "cut": lambda file, a, b: file[:a],
    "beheaded": lambda file, a, b: file[a:],
    "line ends": lambda file, a, b: file.replace(b"\n", b"\r\n"),
    "re-encoded": lambda file, a, b: file.decode("latin-1").encode(),
    "seven bits": lambda file, a, b: bytes(x & 127 for x in file),
    "without noughts": lambda file, a, b: file.replace(b"\0", b""),
}
PLACES = st.tuples(st.floats(0, 1), st.sampled_from((1, 40, 800, 9000, 40000)))


def signatures(name: str) -> list[bytes]:
    """The signatures of a paper as they stand in its bytes, time stamps left out."""
    content = genuine(name)
    ours = [one for one in facts(content).covered if not one.field.startswith("stamp")]
    return [content[one.gap[0] + 1 : one.gap[1] - 1].rstrip(b"0") for one in ours]


@settings(max_examples=25)
@given(
    name=st.sampled_from(NAMES),
    tears=st.lists(st.tuples(st.sampled_from(sorted(TEARS)), PLACES), min_size=1, max_size=3),
)
def test_a_torn_paper_is_never_genuine_and_altered_while_a_signature_is_left(
    bundle: Bundle, name: str, tears: list[tuple[str, tuple[float, int]]]
) -> None:
    content = genuine(name)
    for how, (place, size) in tears:
        first = int(place * len(content))
        content = TEARS[how](content, first, min(first + size, len(content)))
    if content in stages(genuine(name)).values():
        return  # as it was at another stage
    found = check(content, bundle)
    assert not (found.ok or found.issued or found.in_force)
    if any(one in content for one in signatures(name)):
        assert found.verdict == "altered", codes(found)


@pytest.mark.parametrize("name", NAMES)
def test_more_than_half_of_a_paper_is_altered(bundle: Bundle, name: str) -> None:
    content = genuine(name)
    whole = stages(content).values()
    for left in range(int(HALF * len(content)), len(content), len(content) // 9):
        for part in (content[:left], content[-left:]):
            assert part in whole or check(part, bundle).verdict == "altered", left


def test_where_the_code_itself_is_torn_its_signers_are_named(bundle: Bundle) -> None:
    content = genuine()
    strip = content.index(b"/p/k3m9x7w2qz#")
    for part in (
        TEARS["flipped"](content, strip, strip + 40)[:-2000],
        TEARS["zeroed"](content, strip, strip + 300),
        content[:strip],
        content[: strip - 20],
    ):
        found = check(part, bundle)
        assert (found.verdict, found.signed, found.ok) == ("altered", None, False)
        if "left_of_signed" in codes(found):
            assert "Nguyễn Thị Thưởng" in found.problems[-1].params["who"]
    assert check(part, bundle) == check_file(part, bundle, ask=IN_A_CHILD)


def test_a_draft_a_print_and_other_peoples_files_stay_what_they_are(bundle: Bundle) -> None:
    drafts = [stages(genuine(name))["rendered"] for name in PAPERS]
    for content in (*drafts, plain()):
        found = check(content, bundle)
        assert (found.verdict, codes(found)) == ("unknown", ["nobody_signed"])
    stranger = genuine("signed-by-stranger")
    for content in (stranger[: len(stranger) // 2], stranger[:-40], plain()[:-40]):
        assert check(content, bundle).verdict in ("unknown", "unreadable")


@pytest.mark.parametrize("role", ["person", "agency"])
def test_who_is_nobody_here_is_a_stranger_also_under_a_root_of_ours(
    bundle: Bundle, role: str
) -> None:
    """A public authority certifies the whole country."""
    content = genuine("signed-by-stranger")
    public = embedded.credential(embedded.signatures(content)[0]).chain
    roots = replace(bundle.roots, named=False, **{role: (*getattr(bundle.roots, role), *public)})
    found = check(content, replace(bundle, roots=roots))
    assert all("untrusted" not in one.problems for one in found.signatures)
    assert (found.verdict, codes(found)) == ("unknown", ["foreign_signature"])


def test_the_head_of_an_annex_is_altered_with_and_without_its_paper(bundle: Bundle) -> None:
    content = genuine(LIST)
    first = stages(content)["annex_rendered"]
    for part in (first[: len(first) // 2], first[:-30], b"\0" * 9000 + first[9000:], first + b"1"):
        for paper in (None, genuine(ITS_PAPER)):
            assert check(part, bundle, paper).verdict == "altered", len(part)
    # Whole, it is what the paper names: nobody has signed it yet.
    assert check(first, bundle, genuine(ITS_PAPER)).verdict == "unknown"


def test_an_annex_whose_evidence_is_torn_is_altered(bundle: Bundle) -> None:
    """It opens, but no signature in it makes sense to a reader."""
    content = genuine(LIST)
    first = content.index(b"/DSS") + 600
    found = check(TEARS["zeroed"](content, first, first + 600), bundle)
    assert (found.verdict, codes(found), found.unchanged) == ("altered", ["left_of_signed"], False)
    stranger = check(genuine("annex-signed-by-stranger"), bundle)
    assert (stranger.verdict, codes(stranger)) == ("unknown", ["annex_needs_paper"])


def test_a_whole_annex_beside_another_paper_is_that_of_another(bundle: Bundle) -> None:
    for other in ("genuine", "genuine-certificate"):
        found = check(genuine(LIST), bundle, genuine(other))
        assert (found.verdict, found.unchanged) == ("other_annex", True)
        assert (found.issued, found.in_force, found.signed) == (False, False, None)
        assert codes(found) == ["annex_of_other_paper"]
        assert found.problems[0].params == {"file": "phu-luc-d7h3w9m2xk.pdf"}
    torn = check(genuine(LIST) + b"\n", bundle, genuine())
    assert torn.verdict == "altered"


# ------------------------------------------------------------------ wrapped


def plain(put: Callable[[Pdf], Any] = lambda pdf: None, **saved: Any) -> bytes:
    """A stranger's file of one empty page, with something in it."""
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        put(pdf)
        pdf.save(out, **saved)
    return out.getvalue()


def attached(content: bytes) -> Callable[[Pdf], None]:
    def put(pdf: Pdf) -> None:
        pdf.attachments["paper.pdf"] = AttachedFileSpec(pdf, content)

    return put


def pinned(content: bytes) -> Callable[[Pdf], None]:
    """As a note on the page, not in the list of attachments."""

    def put(pdf: Pdf) -> None:
        held = Dictionary(Type=Name.Filespec, F="a", EF=Dictionary(F=pdf.make_stream(content)))
        note = Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 9, 9], FS=held)
        pdf.pages[0].Annots = Array([pdf.make_indirect(note)])

    return put


WRAPPED = {
    "attached": lambda content: plain(attached(content)),
    "not packed": lambda content: plain(attached(content), compress_streams=False),
    "all packed": lambda content: plain(
        attached(content), object_stream_mode=ObjectStreamMode.generate
    ),
    "pinned": lambda content: plain(pinned(content)),
}


@pytest.mark.parametrize("way", WRAPPED)
def test_a_paper_inside_another_file_is_told_of(
    register: tuple[Register, Bundle], way: str
) -> None:
    here, bundle = register
    wrapper = WRAPPED[way](genuine())
    found = check(wrapper, bundle)
    assert (found.verdict, found.issued, codes(found)) == ("altered", False, ["paper_attached"])
    online = verify(here.session, here.desk, wrapper, ask=cage.answer)
    assert (online.verdict, online.issued) == ("altered", False)
    assert online.reasons[0] == "paper_attached"
    assert (online.code, online.number) == (here.codes["genuine"], PAPERS["genuine"])


def test_other_attachments_are_nothing_to_us(register: tuple[Register, Bundle]) -> None:
    here, bundle = register
    for content in (genuine("signed-by-stranger"), stages(genuine())["rendered"], b"%PDF-1.7"):
        wrapper = plain(attached(content))
        assert check(wrapper, bundle).verdict == "unknown"
        assert verify(here.session, here.desk, wrapper, ask=cage.answer).verdict == "unknown"
    torn = check(plain(attached(genuine()[:-40])), bundle)
    assert codes(torn) == ["paper_attached"]
    outer = check(plain(attached(genuine()))[:-40], bundle)
    assert (outer.verdict, codes(outer)[-1]) == ("altered", "paper_attached")


def test_the_register_names_no_less_than_the_bundle(register: tuple[Register, Bundle]) -> None:
    here, bundle = register
    content = genuine("genuine-certificate")
    own = signatures("genuine-certificate")[1]
    for part, why in ((own, "part_of_signed"), (content[44000:70000], "part_of_paper")):
        file = b"%PDF-1.7\n" + part
        online = verify(here.session, here.desk, file, ask=cage.answer)
        assert (online.verdict, why in online.reasons) == ("altered", True)
        assert check(file, bundle).verdict == "altered"
