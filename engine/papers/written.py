"""The typesetter's file, written down.

The library spells every object twice, the second time for a fingerprint that the finished paper
replaces, and asks of each word in it what it may be. A long table is thousands of objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydyf import PDF, Array, Dictionary, Stream, String


def write(pdf: PDF, output: Any, version: Any, identifier: Any, compress: bool) -> None:
    """What ``pdf.write`` writes, unpacked and with a plain table of where each object is: the
    first identifier is the given one, the second stays open."""
    if pdf.info:
        pdf.add_object(pdf.info)
    parts = [b"%%PDF-%s\n%%\xf0\x9f\x96\xa4\n" % (version or "1.7").encode()]
    at, places = len(parts[0]), []
    for one in pdf.objects:
        if one.free == "f":
            places.append(b"%010d %05d f \n" % (one.offset, one.generation))
            continue
        places.append(b"%010d %05d n \n" % (at, one.generation))
        parts.append(b"%d %d obj\n%s\nendobj\n" % (one.number, one.generation, _spelt(one)))
        at += len(parts[-1])
    first = String(identifier).data
    trailer = {"Size": len(places), "Root": pdf.catalog.reference, "ID": Array([first, b"()"])}
    if pdf.info:
        trailer["Info"] = pdf.info.reference
    parts += (b"xref\n0 %d\n" % len(places), *places)
    parts.append(b"trailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (_spelt(Dictionary(trailer)), at))
    output.write(b"".join(parts))


def scope_heads(pdf: PDF) -> None:
    """Says of each table head what it heads (ISO 14289-1, 7.5).

    The typesetter points from each cell to its heads by name. The names would need a tree of
    their own (ISO 32000-1, 14.7.2), are not unique where a table runs over several pages, and
    say less plainly what a scope says.
    """
    for one in pdf.objects:
        kind = one.get("S") if isinstance(one, Dictionary) else None
        if kind == "/TD" and "A" in one:
            one["A"].pop("Headers", None)
        elif kind == "/TH":
            group = _parent(pdf, _parent(pdf, one))
            one["A"]["Scope"] = "/Column" if group["S"] == "/THead" else "/Row"
            one.pop("ID", None)


def _parent(pdf: PDF, one: Dictionary) -> Dictionary:
    return pdf.objects[int(one["P"].partition(b" ")[0])]


def _bytes(item: bytes) -> bytes:
    return item


def _text(item: str) -> bytes:
    return item.encode("ascii")


def _dictionary(item: dict[str, Any]) -> bytes:
    pairs = [b"/%s %s" % (key.encode(), _spelt(value)) for key, value in item.items()]
    return b"<<%s>>" % b"".join(pairs)


def _array(item: list[Any]) -> bytes:
    return b"[%s]" % b" ".join(map(_spelt, item))


def _number(item: float) -> bytes:
    return str(int(item)).encode() if item.is_integer() else f"{item:f}".rstrip("0").encode()


def _stream(item: Stream) -> bytes:
    lines = b"\n".join([one if type(one) is bytes else _spelt(one) for one in item.stream])
    told = _dictionary({**item.extra, "Length": len(lines)})
    return b"%s\nstream\n%s\nendstream" % (told, lines)


_WAYS: dict[type, Callable[[Any], bytes]] = {
    bytes: _bytes,
    str: _text,
    int: b"%d".__mod__,
    float: _number,
    Dictionary: _dictionary,
    Array: _array,
}


def _spelt(item: Any) -> bytes:
    way = _WAYS.get(type(item))
    if way is not None:
        return way(item)
    if isinstance(item, Stream) and not item.compress:
        return _stream(item)
    return bytes(item.data) if hasattr(item, "data") else str(item).encode("ascii")
