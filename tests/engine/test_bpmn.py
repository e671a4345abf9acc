"""A definition as a BPMN file: whole in itself, drawn, and accepted by bpmnlint."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest

from engine.definition import Definition
from engine.diagram import bpmn_file
from engine.diagram.bpmn import DC, DD, DI, MODEL
from engine.diagram.process import Wording
from tests.conftest import VAR
from tests.engine import procedure
from workflows import library

DEFINITIONS = {
    f"{one.id}-{one.digest[:4]}": one
    for one in (*library.law().definitions, *procedure.house().definitions)
}
LINT = VAR / "bpmnlint" / "node_modules" / ".bin" / "bpmnlint"
WORDS = Wording(
    office=str,
    deadline=lambda due: f"{due.days or due.working_days}",
    state=lambda state: [f"<{state}> & more"],
    move=lambda _state, move: [move.clause or move.id],
    start="Start",
    question="What next?",
    overdue="Overdue",
    stands="It stands",
)

each = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)


def tree(definition: Definition, language: str = "vi") -> Element:
    return fromstring(bpmn_file(definition, language, WORDS))  # noqa: S314 - our own


def by_id(root: Element) -> Mapping[str, Element]:
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    return {element.get("id", ""): element for element in root.iter() if element.get("id")}


@each
def test_every_reference_leads_somewhere(definition: Definition) -> None:
    root = tree(definition)
    known = by_id(root)
    for element in root.iter():
        for name in ("sourceRef", "targetRef", "attachedToRef", "bpmnElement", "processRef"):
            assert element.get(name, "process") in known, element.attrib
        if element.tag in (f"{{{MODEL}}}incoming", f"{{{MODEL}}}outgoing"):
            assert element.text in known
    flows = [one for one in known.values() if one.tag == f"{{{MODEL}}}sequenceFlow"]
    for flow in flows:
        for end, tag in (("sourceRef", "outgoing"), ("targetRef", "incoming")):
            told = [one.text for one in known[flow.get(end, "")].iter(f"{{{MODEL}}}{tag}")]
            assert told.count(flow.get("id")) == 1


@each
def test_everything_is_drawn_once_inside_its_lane(definition: Definition) -> None:
    root = tree(definition)
    known = by_id(root)
    drawn = Counter(
        element.get("bpmnElement")
        for tag in ("BPMNShape", "BPMNEdge")
        for element in root.iter(f"{{{DI}}}{tag}")
    )
    assert set(drawn.values()) == {1}
    process = known["process"]
    boxes = {
        shape.get("bpmnElement"): shape.find(f"{{{DC}}}Bounds")
        for shape in root.iter(f"{{{DI}}}BPMNShape")
    }
    nodes = 0
    for lane in process.iter(f"{{{MODEL}}}lane"):
        outer = _box(boxes[lane.get("id")])
        for held in lane:
            inner = _box(boxes[held.text])
            assert outer[0] <= inner[0] <= inner[2] <= outer[2], held.text
            assert outer[1] <= inner[1] <= inner[3] <= outer[3], held.text
            nodes += 1
    flows = process.findall(f"{{{MODEL}}}sequenceFlow")
    assert len(drawn) == nodes + len(flows) + 1 + len(list(process.iter(f"{{{MODEL}}}lane")))
    for edge in root.iter(f"{{{DI}}}BPMNEdge"):
        assert len(edge.findall(f"{{{DD}}}waypoint")) >= 2


def _box(bounds: Element | None) -> tuple[int, int, int, int]:
    assert bounds is not None
    x, y, width, height = (int(bounds.get(name, "")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


@each
def test_every_state_and_every_move_is_in_it(definition: Definition) -> None:
    root = tree(definition)
    known = by_id(root)
    assert {f"state_{state.id}" for state in definition.states} <= known.keys()
    text = "\n".join(
        [element.get("name", "") for element in known.values()]
        + [one.text or "" for one in root.iter(f"{{{MODEL}}}documentation")]
    )
    for move in definition.transitions:
        assert (move.clause or move.id) in text
    timers = list(root.iter(f"{{{MODEL}}}timerEventDefinition"))
    assert len(timers) == sum(state.due is not None for state in definition.states)


def test_a_deadline_that_ends_the_wait_interrupts_and_another_only_reminds() -> None:
    flows = {one.id: one for one in library.law().definitions}
    known = by_id(tree(flows["district-certification"]))
    assert known["timer_draft"].get("cancelActivity") == "true"
    assert known["timer_submitted"].get("cancelActivity") == "false"
    term = known["timer_draft_term"].find(f"{{{MODEL}}}timeDuration")
    assert term is not None
    assert term.text == "P90D"
    working = known["timer_submitted_term"].find(f"{{{MODEL}}}timeDuration")
    assert working is not None
    assert (working.text, working.get("language")) == ("5", "urn:binhxet:working-days")


def test_the_same_definition_gives_the_same_bytes() -> None:
    definition = library.law().definitions[0]
    assert bpmn_file(definition, "vi", WORDS) == bpmn_file(definition, "vi", WORDS)


def test_bpmnlint_has_nothing_against_any_of_them(tmp_path: Path) -> None:
    if shutil.which("node") is None or not LINT.exists():
        pytest.skip("bpmnlint is not here: it comes with `make test` where node and npm are")
    (tmp_path / ".bpmnlintrc").write_text('{"extends": "bpmnlint:recommended"}')
    files = []
    for name, definition in DEFINITIONS.items():
        files.append(f"{name}.bpmn")
        (tmp_path / files[-1]).write_bytes(bpmn_file(definition, "vi", WORDS))
    done = subprocess.run(
        [LINT, "--max-warnings", "0", *files], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout[-3000:] + done.stderr
