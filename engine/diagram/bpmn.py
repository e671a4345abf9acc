"""A definition as BPMN 2.0 XML with its picture (OMG formal/2013-12-09), for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engine.definition import Definition, Due
from engine.diagram.lettering import plain
from engine.diagram.places import Box, Places, Point, places
from engine.diagram.process import Node, Process, Wording, flows_into, flows_out_of, process

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
PREFIXES = {"bpmn": MODEL, "bpmndi": DI, "dc": DC, "di": DD, "xsi": XSI}
NAMESPACE = "urn:binhxet:definition:"
"""Where the ids of a file belong: with the definition's digest behind it."""

WORKING_DAYS = "urn:binhxet:working-days"
"""The language of a term in working days, which ISO 8601 has no words for."""


def bpmn_file(definition: Definition, language: str, words: Wording) -> bytes:
    """The file. Every state of every transition must exist, as in any sound definition."""
    made = process(definition, language, words)
    placed = places(definition, made)
    root = Element(
        f"{{{MODEL}}}definitions",
        {"id": "definitions", "targetNamespace": NAMESPACE + definition.digest},
    )
    title = plain(definition.meta.title[language])
    collaboration = SubElement(root, f"{{{MODEL}}}collaboration", {"id": "collaboration"})
    SubElement(
        collaboration,
        f"{{{MODEL}}}participant",
        {"id": "pool", "name": title, "processRef": "process"},
    )
    _process(root, made, words, definition)
    _picture(root, made, placed)
    indent(root)
    _prefix(root)
    content: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return content


def _prefix(root: Element) -> None:
    """Puts the usual prefixes in the place of the namespaces. The library would do so, but for
    all XML of the process at once: the metadata of papers then came out with others."""
    short = {f"{{{uri}}}": f"{prefix}:" for prefix, uri in PREFIXES.items()}

    def prefixed(name: str) -> str:
        uri, end, rest = name.rpartition("}")
        return short[uri + end] + rest if end else name

    for element in root.iter():
        element.tag = prefixed(element.tag)
        told = {prefixed(name): value for name, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(told)
    for prefix, uri in PREFIXES.items():
        root.set(f"xmlns:{prefix}", uri)


def _process(root: Element, made: Process, words: Wording, definition: Definition) -> None:
    held = SubElement(root, f"{{{MODEL}}}process", {"id": "process", "isExecutable": "false"})
    _document(held, [*definition.meta.basis, definition.digest])
    lanes = SubElement(held, f"{{{MODEL}}}laneSet", {"id": "lanes"})
    for number, lane in enumerate(made.lanes):
        name = {"id": f"lane_{number}", "name": words.office(lane)}
        element = SubElement(lanes, f"{{{MODEL}}}lane", name)
        for node in made.nodes:
            if node.lane == lane:
                SubElement(element, f"{{{MODEL}}}flowNodeRef").text = node.id
    for node in made.nodes:
        _node(held, made, node)
    for flow in made.flows:
        told = {"id": flow.id, "sourceRef": flow.source, "targetRef": flow.target}
        told |= {"name": plain(flow.name)} if flow.name else {}
        _document(SubElement(held, f"{{{MODEL}}}sequenceFlow", told), flow.lines)


def _document(element: Element, lines: Sequence[str]) -> None:
    if lines:
        text = "\n".join(plain(line) for line in lines)
        SubElement(element, f"{{{MODEL}}}documentation").text = text


def _node(held: Element, made: Process, node: Node) -> None:
    told = {"id": node.id} | ({"name": plain(node.name)} if node.name else {})
    if node.host:
        told |= {"attachedToRef": node.host, "cancelActivity": str(node.stops).lower()}
    element = SubElement(held, f"{{{MODEL}}}{node.tag}", told)
    _document(element, node.lines)
    for flow in flows_into(made, node.id):
        SubElement(element, f"{{{MODEL}}}incoming").text = flow.id
    for flow in flows_out_of(made, node.id):
        SubElement(element, f"{{{MODEL}}}outgoing").text = flow.id
    if node.due:
        _timer(element, node.id, node.due)


def _timer(element: Element, name: str, due: Due) -> None:
    timer = SubElement(element, f"{{{MODEL}}}timerEventDefinition", {"id": f"{name}_term"})
    term = SubElement(
        timer, f"{{{MODEL}}}timeDuration", {f"{{{XSI}}}type": "bpmn:tFormalExpression"}
    )
    if due.days is not None:
        term.text = f"P{due.days}D"
    else:
        term.set("language", WORKING_DAYS)
        term.text = str(due.working_days)


def _picture(root: Element, made: Process, placed: Places) -> None:
    diagram = SubElement(root, f"{{{DI}}}BPMNDiagram", {"id": "diagram"})
    plane = SubElement(
        diagram, f"{{{DI}}}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"}
    )
    _shape(plane, "pool", placed.pool, isHorizontal="true")
    for number, lane in enumerate(made.lanes):
        _shape(plane, f"lane_{number}", placed.lanes[lane], isHorizontal="true")
    for node in made.nodes:
        marker = {"isMarkerVisible": "true"} if node.tag == "exclusiveGateway" else {}
        box = placed.nodes[node.id]
        shape = _shape(plane, node.id, box, **marker)
        if node.host:  # its way leads down: the words stand beside it
            label = SubElement(shape, f"{{{DI}}}BPMNLabel")
            _bounds(label, Box(box.x - 74, box.y + 22, 84, 40))
    for flow in made.flows:
        edge = SubElement(
            plane, f"{{{DI}}}BPMNEdge", {"id": f"{flow.id}_di", "bpmnElement": flow.id}
        )
        for point in placed.flows[flow.id]:
            SubElement(edge, f"{{{DD}}}waypoint", _point(point))
        if flow.name:
            _label(edge, placed.flows[flow.id])


def _shape(plane: Element, name: str, box: Box, **told: str) -> Element:
    shape = SubElement(
        plane, f"{{{DI}}}BPMNShape", {"id": f"{name}_di", "bpmnElement": name, **told}
    )
    _bounds(shape, box)
    return shape


def _bounds(element: Element, box: Box) -> None:
    told = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    SubElement(element, f"{{{DC}}}Bounds", {name: str(value) for name, value in told.items()})


def _label(edge: Element, way: Sequence[Point]) -> None:
    """A flow's words above its longest level stretch."""
    level = [pair for pair in pairwise(way) if pair[0][1] == pair[1][1]]
    a, b = max(level or pairwise(way), key=lambda pair: abs(pair[0][0] - pair[1][0]))
    label = SubElement(edge, f"{{{DI}}}BPMNLabel")
    _bounds(label, Box(min(a[0], b[0]) + 4, a[1] - 16, 160, 14))


def _point(point: Point) -> dict[str, str]:
    return {"x": str(point[0]), "y": str(point[1])}
