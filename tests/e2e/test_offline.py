"""A printed code checked in a real browser, on the site and in a file with no network at all."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page

from engine.log.note import Signer
from engine.papers.freeze import freeze
from engine.signing.coverage import facts
from engine.statement import base41, form, qr
from engine.statement.form import Statement
from tests.e2e.conftest import CHROMIUM, Served
from tests.engine.signing.altering.keys import FOLDER
from tests.engine.signing.altering.manifest import genuine
from tests.workflows.register import stages
from web.extensions import bureau
from web.offline import page_file
from workflows import trust
from workflows.statement_keys import Published, StatementKeys

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

OWN, CODE = "http://127.0.0.1:8000", "k3m9x7w2qz"
ISSUED = datetime(2026, 9, 1, 2, 15, tzinfo=UTC)
Told = dict[str, Any]
CHANGES = {
    trust.hidden(code): [{"act": act, "number": "9/UBND", "issued_on": "2026-10-01"} | effect]
    for code, act, effect in (
        ("corrected2", "correction", {"effect_on": None}),
        ("revokedday", "revocation", {"effect_on": "2020-01-02"}),
    )
}


def said(**changed: Any) -> Statement:
    told = Statement(
        kind=5,
        level=2,
        streak=3,
        year=2026,
        day=date(2026, 9, 1),
        authority=300,
        areas=1,
        number="01/GCN-UBND",
        place="Thôn 1, xã Nga An",
        data=bytes(range(20)),
        signed=bytes(range(20, 40)),
        issued=ISSUED,
        log_size=129,
        log_root=bytes(range(8)),
        key_id=b"",
    )
    return replace(told, **changed)


@pytest.fixture(scope="module")
def signer(served: Served) -> Signer:
    """The site's own key for printed codes."""
    folder = served.app.extensions["settings"].keys_folder
    return StatementKeys(folder).signer()


@pytest.fixture(scope="module")
def bundle(served: Served) -> Told:
    told: Told = served.do(lambda session: trust.export(session, bureau().desk))
    return told


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    opened = context.new_page()
    noise: list[str] = []
    opened.on("console", lambda message: noise.append(message.text))
    opened.on("pageerror", lambda error: noise.append(str(error)))
    yield opened
    context.close()
    assert noise == []


def printed(signer: Signer, base: str = OWN, code: str = CODE, **changed: Any) -> str:
    told = said(**({"key_id": signer.verifier.id} | changed))
    return form.address(base, code, told, signer)


def resigned(told: Told, signer: Signer) -> Told:
    rest = {name: value for name, value in told.items() if name != "signature"}
    value = signer.key.sign(trust.MARK + freeze(rest).encode())
    signature = {"id": signer.verifier.id.hex(), "value": base64.b64encode(value).decode()}
    return rest | {"signature": signature}


def check(page: Page, text: str, number: str = "") -> tuple[str, bool]:
    """What the page says of a code, and whether in the good colour."""
    page.wait_for_selector("#offline-bundle[data-state=age]")
    page.fill("#offline-code", text)
    page.fill("#offline-number", number)
    page.evaluate("document.getElementById('offline-result').hidden = true")
    page.click("#offline-check")
    page.wait_for_selector("#offline-result:not([hidden])")
    good = "is-good" in (page.get_attribute("#offline-result", "class") or "")
    return page.inner_text("#offline-result"), good


def test_a_code_is_checked_on_the_site(served: Served, signer: Signer, page: Page) -> None:
    page.goto(f"{served.address}/offline")
    told, good = check(page, printed(signer), "01 / gcn-ubnd")
    assert good
    for words in ("đúng là do cơ quan ký", "Còn hiệu lực", "Thôn 1, xã Nga An", "01/GCN-UBND"):
        assert words in told
    assert "Giấy công nhận" in told
    assert "129 · 0001020304050607" in told
    assert "Compare what it says" in told


def test_what_a_camera_opened_is_handed_over(served: Served, signer: Signer, page: Page) -> None:
    page.goto(f"{served.address}/offline#{quote(printed(signer), safe='')}")
    page.wait_for_selector("#offline-result.is-good")


DETECTOR = """
window.BarcodeDetector = class {
  static getSupportedFormats() { return Promise.resolve(["qr_code"]); }
  async detect(video) {
    const seen = document.createElement("canvas");
    seen.width = video.videoWidth;
    seen.height = video.videoHeight;
    seen.getContext("2d").drawImage(video, 0, 0);
    return (await window.decoded(seen.toDataURL())).map(rawValue => ({ rawValue }));
  }
};
"""
"""What browsers on Linux lack: it asks a reader outside what is in the picture."""


def film(code: tuple[str, str], file: Path) -> None:
    """What a camera sees: nothing at first, then a paper's code."""
    rows, side = qr.encode(*code), 480
    small = Image.new("L", (len(rows) + 8, len(rows) + 8), 255)
    for y, row in enumerate(rows):
        for x, module in enumerate(row):
            small.putpixel((x + 4, y + 4), 0 if module == "1" else 255)
    shown = small.resize((side, side), Image.Resampling.NEAREST).tobytes()
    colours = b"\x80" * (side * side // 2)
    frames = [b"FRAME\n" + one + colours for one in (b"\xff" * side * side, shown)]
    file.write_bytes(b"YUV4MPEG2 W480 H480 F10:1 Ip A1:1 C420mpeg2\n" + b"".join(frames))


def decoded(picture: str) -> list[str]:
    content = io.BytesIO(base64.b64decode(picture.partition(",")[2]))
    return [one.text for one in zxingcpp.read_barcodes(Image.open(content).convert("L"))]


def test_a_camera_is_opened_reads_a_code_and_is_closed(
    served: Served, signer: Signer, browser: Browser, tmp_path: Path
) -> None:
    told = said(key_id=signer.verifier.id)
    film(form.parts(OWN, CODE, told, signer), tmp_path / "film.y4m")
    seen = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}",
    ]
    looking = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", *seen])
    try:
        page = looking.new_page()
        page.goto(f"{served.address}/offline")
        page.wait_for_selector("#offline-no-scan:not([hidden])")  # it reads no codes by itself
        page.expose_function("decoded", decoded)
        page.add_init_script(DETECTOR)
        page.reload()
        page.wait_for_selector("#offline-bundle[data-state=age]")
        # Opened and closed again, then opened for good.
        page.evaluate("window.kept = window.BarcodeDetector.prototype.detect; void 0")
        page.evaluate("window.BarcodeDetector.prototype.detect = async () => []; void 0")
        page.click("#offline-scan")
        page.wait_for_selector("#offline-video:not([hidden])")
        assert "Tắt máy ảnh" in page.inner_text("#offline-scan")
        live = page.evaluate_handle("document.getElementById('offline-video').srcObject")
        page.click("#offline-scan")
        page.wait_for_selector("#offline-video", state="hidden")
        assert live.evaluate("stream => stream.getTracks()[0].readyState") == "ended"
        page.evaluate("window.BarcodeDetector.prototype.detect = window.kept; void 0")
        page.click("#offline-scan")
        page.wait_for_selector("#offline-result.is-good")
        assert page.is_hidden("#offline-video")
        assert "01/GCN-UBND" in page.inner_text("#offline-result")
    finally:
        looking.close()


def test_a_file_checks_with_no_network_and_names_what_is_wrong(
    signer: Signer, bundle: Told, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    ended = {trust.hidden("endedpaper"): {"state": "revoked"}}
    lost = Signer.create("binhxet-statement")
    stolen = Published(lost.verifier, ISSUED - timedelta(days=1), None, stolen=True).record()
    never, waits = (printed(signer, code=code) for code in ("neverissue", "waitsstill"))
    unissued = {
        name: [form.read(text).digest[:32]] for name, text in (("void", never), ("open", waits))
    }
    told = {"ended": ended, "changes": CHANGES, "statements": [*bundle["statements"], stolen]}
    told["unissued"] = unissued
    file.write_text(page_file(resigned(bundle | told, signer)), "utf-8")
    page.context.set_offline(True)
    page.goto(file.as_uri())
    assert check(page, printed(signer))[1]
    # Nobody signed the address: that it is another is a warning, and no alteration.
    told, good = check(page, printed(signer, base="https://elsewhere.invalid"))
    assert good
    assert "không phải trang của cơ quan" in told
    told, good = check(page, printed(signer, code="corrected2"))
    assert good
    assert "Được đính chính bằng văn bản số 9/UBND ngày 01/10/2026" in told
    raw = bytearray(base41.decode(printed(signer).partition("#")[2][:-1]))
    raw[9] ^= 1
    made = datetime.fromisoformat(bundle["made_at"])
    stranger = Signer.create("binhxet-statement")
    other = printed(signer, code="another222")
    for text, number, words in (
        (f"{OWN}/p/{CODE}#{base41.encode(bytes(raw))}1", "", "Mã QR đã bị sửa"),
        (f"{OWN}/p/{CODE}#{other.partition('#')[2]}", "", "ghép với địa chỉ của văn bản khác"),
        (printed(signer), "02/GCN-UBND", "Mã QR là của văn bản khác"),
        (printed(stranger), "", f"khóa {stranger.verifier.id.hex()}, không có trong gói"),
        (printed(signer, issued=datetime(2020, 1, 1, tzinfo=UTC)), "", "không được dùng để ký"),
        (printed(lost), "", "đã bị lộ"),
        (printed(signer, code="revokedday"), "", "hết hiệu lực từ ngày 02/01/2020"),
        (printed(signer, code="endedpaper"), "", "không còn hiệu lực: đã bị thu hồi"),
        (never, "", "chưa bao giờ được phát hành"),
        (waits, "", "đang chờ đóng dấu"),
        *(
            (printed(signer, issued=made + later), "", "Lấy gói mới hơn")
            for later in (timedelta(), timedelta(days=1))
        ),
        ("https://example.com/", "", "không phải mã QR của văn bản"),
        (printed(signer)[:-30], "", "không phải mã QR của văn bản"),
        ("", "", "Chưa có nội dung mã"),
    ):
        told, good = check(page, text, number)
        assert words in told
        assert not good, words


def test_a_list_in_a_file_of_its_own_is_checked_beside_its_paper(
    signer: Signer, bundle: Told, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(page_file(resigned(bundle, signer)), "utf-8")
    page.context.set_offline(True)
    page.goto(file.as_uri())
    leader, *_ = facts(genuine("genuine-enclosing")).covered
    code = printed(signer, signed=bytes.fromhex(leader.digest)[:20])
    page.click(".offline-annex summary")
    for paper, annex, words, holds in (
        ("genuine-enclosing", "genuine-annex", "đúng là tệp mà lãnh đạo đã ký", True),
        ("genuine-enclosing", "annex-note-added", "trang này không kiểm được", True),
        ("genuine-enclosing", "annex-row-changed-and-signed", "không phải phụ lục", False),
        ("genuine", "genuine-annex", "không phải văn bản của mã QR này", False),
    ):
        page.set_input_files("#offline-paper", FOLDER / f"{paper}.pdf")
        page.set_input_files("#offline-annex", FOLDER / f"{annex}.pdf")
        told, good = check(page, code)
        assert words in told
        assert good is holds, annex
        if holds:  # what is read is what the leader signed for, whatever was appended
            with page.expect_download() as got:
                page.click("#offline-result a")
            kept = Path(got.value.path()).read_bytes()
            assert kept == stages(genuine("genuine-annex"))["annex_rendered"]


def test_an_old_or_altered_bundle_is_told(
    signer: Signer, bundle: Told, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    made = (datetime.now(UTC) - timedelta(days=500)).isoformat(timespec="seconds")
    file.write_text(page_file(resigned(bundle | {"made_at": made}, signer)), "utf-8")
    page.goto(file.as_uri())
    page.wait_for_selector("#offline-bundle[data-state=age]")
    assert "cách nay 500 ngày" in page.inner_text("#offline-bundle")
    for told, state in (
        (bundle | {"address": "https://elsewhere.invalid"}, "altered"),
        ({"format": "another"}, "unreadable"),
    ):
        other = tmp_path / f"{state}.json"
        other.write_text(json.dumps(told))
        page.set_input_files("#offline-file", other)
        page.wait_for_selector(f"#offline-bundle[data-state={state}]")
