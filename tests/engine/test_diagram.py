"""The pictures show every state and move, say so in words, and hold no surprises."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definition import START, Definition, load
from engine.diagram import mermaid, svg
from engine.diagram.layout import TITLE, plan
from engine.diagram.lettering import width, wrap
from engine.diagram.order import order
from tests.engine.sketches import build, definitions, sketch

SVG = "{http://www.w3.org/2000/svg}"
SOUND = Path(__file__).parent / "broken" / "sound"
EVIL = 'a <b> & "c"; d: {e} -->\n%% #35; [*] `f` \\n\x07'


@pytest.fixture(scope="module")
def recognition() -> Definition:
    return load(SOUND / "recognition.toml")


def drawn(
    definition: Definition,
    language: str = "vi",
    current: str | None = None,
    visited: tuple[str, ...] = (),
) -> Element:
    return fromstring(svg(definition, language, current, visited))  # noqa: S314 - our own


def groups(root: Element, name: str) -> dict[str, Element]:
    return {group.attrib[name]: group for group in root.iter(f"{SVG}g") if name in group.attrib}


def said(element: Element) -> str:
    return " ".join(text.text or "" for text in element.iter(f"{SVG}text"))


def labelled(text: str) -> Definition:
    """A definition of two states and two moves, all of them called the same."""
    label = {"vi": text, "en": text}
    by = ["maker@area"]
    return build(
        [{"id": "note", "label": label}, {"id": "end", "label": label, "final": True}],
        [
            {"id": "open", "from": [], "to": "note", "by": by, "label": label},
            {"id": "state", "from": ["note"], "to": "end", "by": by, "label": label},
        ],
    )


# -- svg ----------------------------------------------------------------------------------


def test_the_picture_has_a_name_and_a_description(recognition: Definition) -> None:
    root = drawn(recognition, "vi", "appraisal", ("draft", "voting"))
    named = {element.attrib["id"]: element.text for element in root if "id" in element.attrib}
    assert (root.attrib["role"], root.attrib["lang"]) == ("img", "vi")
    assert named[root.attrib["aria-labelledby"]] == "Công nhận hằng năm"
    description = named[root.attrib["aria-describedby"]]
    assert description is not None
    assert description.startswith("✓ Dự thảo; ✓ Lấy ý kiến nhân dân; ● Thẩm định; Chờ quyết định;")


def test_two_pictures_on_one_page_share_no_id(recognition: Definition) -> None:
    pictures = [drawn(recognition), drawn(recognition, current="draft"), drawn(labelled("x"))]
    ids = [
        element.attrib["id"] for root in pictures for element in root.iter() if element.get("id")
    ]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_state_and_each_move_is_written_in_the_language(
    recognition: Definition, language: str
) -> None:
    root = drawn(recognition, language)
    boxes = groups(root, "data-state")
    assert boxes.keys() == {START, *recognition.by_state}
    for state in recognition.states:
        assert state.label[language] in said(boxes[state.id])
    for move in recognition.transitions:
        assert move.label[language] in said(root)


def test_the_present_state_and_the_past_ones_are_marked(recognition: Definition) -> None:
    boxes = groups(drawn(recognition, "vi", "appraisal", ("draft", "voting")), "data-state")
    classes = {state: box.attrib["class"] for state, box in boxes.items()}
    assert classes["appraisal"] == "state current"
    assert classes["draft"] == classes["voting"] == "state visited"
    assert classes["deciding"] == "state"
    # Not by colour alone: a heavier frame, a tick.
    frames = {state: box.find(f"{SVG}rect") for state, box in boxes.items()}
    thick = {
        state: frame.get("stroke-width") for state, frame in frames.items() if frame is not None
    }
    assert [state for state in thick if thick[state] == "2.5"] == ["appraisal"]
    ticked = [state for state, box in boxes.items() if box.find(f"{SVG}path") is not None]
    assert ticked == ["draft", "voting"]


def test_final_states_have_a_second_frame(recognition: Definition) -> None:
    boxes = groups(drawn(recognition), "data-state")
    double = {state for state, box in boxes.items() if len(box.findall(f"{SVG}rect")) == 2}
    assert double == {state.id for state in recognition.states if state.final}


def test_states_that_do_not_exist_are_passed_over(recognition: Definition) -> None:
    root = drawn(recognition, "vi", "nowhere", ("never",))
    assert all(box.attrib["class"] == "state" for box in groups(root, "data-state").values())


def test_it_carries_no_script_style_link_or_foreign_thing(recognition: Definition) -> None:
    text = svg(recognition, "vi", "draft", ("voting",))
    assert not re.search(
        r"<(script|style|foreignObject|image|use|a)\b|href|url\(|on\w+=|style=", text
    )
    assert text.count("http") == 1  # the name of the format


def test_it_fits_a_phone(recognition: Definition) -> None:
    assert drawn(recognition).attrib["viewBox"].startswith("0 0 360 ")


def test_the_same_definition_gives_the_same_picture(recognition: Definition) -> None:
    assert svg(recognition, "vi", "draft") == svg(recognition, "vi", "draft")


def test_labels_are_text_whatever_they_say() -> None:
    root = drawn(labelled(EVIL), "en", "note")
    seen = " ".join(said(groups(root, "data-state")["note"]).split())
    assert seen == 'a <b> & "c"; d: {e} --> %% #35; [*] `f` \\n'


def test_the_main_path_runs_down_and_stops_stand_below_it(recognition: Definition) -> None:
    main, rest = order(recognition)
    assert main == [START, "draft", "voting", "appraisal", "deciding", "recognised"]
    assert rest == ["refused", "withdrawn", "expired"]


def test_a_branch_stands_above_what_both_its_ways_lead_to() -> None:
    definition = sketch(
        "open: > a", "short: a > end", "left: a > b", "right: a > c", "on: c > d", "meet: d > b",
        "close: b > end", "again: d > a tone=back",
    )  # fmt: skip
    main, _ = order(definition)
    place = main.index
    assert place("a") < place("c") < place("d") < place("b") < place("end")


def test_what_leads_to_no_end_stands_aside_and_chains_stay_together() -> None:
    definition = sketch(
        "open: > a", "fail: a > failed", "go: a > b", "close: b > end",
        "again: failed > a tone=back",
        "refuse: b > proposed tone=stop", "stop: a > gone tone=stop", "draft: proposed > notice",
        "send: notice > refused", finals="end gone refused",
    )  # fmt: skip
    main, rest = order(definition)
    assert main == [START, "a", "b", "end"]
    assert rest == ["failed", "proposed", "notice", "refused", "gone"]
    steps = [move.id for step in plan(definition, "en").steps for move in step.moves]
    assert steps == ["open", "go", "close", "draft", "send"]


@given(definitions())
def test_every_state_has_one_place(definition: Definition) -> None:
    main, rest = order(definition)
    assert sorted([*main, *rest]) == sorted([START, *definition.by_state])
    assert main[0] == START


def test_moves_of_a_kind_share_a_lane_and_other_lanes_keep_apart(recognition: Definition) -> None:
    made = plan(recognition, "vi")
    withdrawals = [lane for lane in made.lanes if lane.target == "withdrawn"]
    assert [len(lane.exits) for lane in withdrawals] == [3]
    assert len({made.lane_x(lane) for lane in made.lanes if lane.side == "right"}) == 3


def test_the_system_moves_along_dashes(recognition: Definition) -> None:
    moves = groups(drawn(recognition), "data-moves")
    dashed = {
        name
        for name, group in moves.items()
        if any("stroke-dasharray" in path.attrib for path in group.iter(f"{SVG}path"))
    }
    assert dashed == {"recognise", "expire"}


@given(definitions())
def test_every_graph_is_drawn_whole(definition: Definition) -> None:
    root = drawn(definition, "en")
    assert groups(root, "data-state").keys() == {START, *definition.by_state}
    shown = Counter(
        name for group in root.iter() for name in group.get("data-moves", "").split() if name
    )
    assert shown == Counter({move.id: len(move.sources) or 1 for move in definition.transitions})


@given(definitions())
def test_boxes_never_overlap_and_stay_inside(definition: Definition) -> None:
    made = plan(definition, "en")
    assert all(above.top + above.height < below.top for above, below in pairwise(made.boxes))
    assert made.boxes[0].top >= 0
    assert made.boxes[-1].top + made.boxes[-1].height < made.height
    for box in made.boxes:
        heights = [row.y for row in box.rows]
        assert heights == sorted(heights)
        assert all(box.top < y < box.top + box.height for y in heights)
    for lane in made.lanes:
        assert 0 < made.lane_x(lane) < made.width
        assert not made.left <= made.lane_x(lane) <= made.right


@given(definitions())
def test_two_lanes_never_run_over_each_other(definition: Definition) -> None:
    made = plan(definition, "en")
    rows = {id(row.exit): row.y for box in made.boxes for row in box.rows}
    spans = []
    for lane in made.lanes:
        heights = [lane.y, *(rows[id(out)] for out in lane.exits)]
        spans.append((made.lane_x(lane), min(heights), max(heights)))
    for number, (x, top, bottom) in enumerate(spans):
        assert not any(
            x == other_x and top <= other_bottom and other_top <= bottom
            for other_x, other_top, other_bottom in spans[:number]
        )


def test_moves_to_or_from_unknown_states_are_left_out() -> None:
    broken = load(SOUND.parent / "unknown_state.toml")
    assert "start_vote" not in groups(drawn(broken), "data-moves")


# -- lettering ----------------------------------------------------------------------------


@given(st.text(max_size=200), st.integers(40, 300))
def test_no_line_is_wider_than_its_room_and_no_word_is_lost(text: str, room: int) -> None:
    lines = wrap(text, room, TITLE)
    assert all(width(line, TITLE) <= room or len(line) == 1 for line in lines)
    kept = "".join(sign for sign in text if sign.isprintable() and not sign.isspace())
    assert "".join("".join(lines).split()) == kept


def test_a_vietnamese_letter_is_as_wide_as_its_base() -> None:
    assert width("Ồ", 10) == width("O", 10)
    assert width("nhân dân", 10) == width("nhan dan", 10)


def test_a_word_wider_than_the_room_is_cut() -> None:
    lines = wrap("x" * 50, 60, TITLE)
    assert len(lines) > 1
    assert "".join(lines) == "x" * 50


# -- mermaid ------------------------------------------------------------------------------


def test_mermaid_tells_every_state_and_move(recognition: Definition) -> None:
    lines = mermaid(recognition, "en").splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert '    state "Residents\' vote" as s_voting' in lines
    assert "    [*] --> s_draft : Open" in lines
    assert "    s_appraisal --> s_draft : Return for supplement" in lines
    assert "    s_recognised --> [*]" in lines
    moves = sum(len(move.sources) or 1 for move in recognition.transitions)
    finals = sum(state.final for state in recognition.states)
    assert len(lines) == 2 + len(recognition.states) + moves + finals


def test_mermaid_speaks_the_language_asked_for(recognition: Definition) -> None:
    assert 'state "Thẩm định" as s_appraisal' in mermaid(recognition, "vi")


def test_nothing_in_a_label_means_anything_to_mermaid() -> None:
    lines = mermaid(labelled(EVIL), "vi").splitlines()
    label = "a #60;b#62; #38; #34;c#34;#59; d#58; #123;e#125; --#62; #37;#37; #35;35#59; "
    label += "#91;#42;#93; #96;f#96; #92;n"
    assert lines[2:] == [
        f'    state "{label}" as s_note',
        f'    state "{label}" as s_end',
        f"    [*] --> s_note : {label}",
        f"    s_note --> s_end : {label}",
        "    s_end --> [*]",
    ]
