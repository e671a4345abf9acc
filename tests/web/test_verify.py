"""The check of a file by page, by API and by command: every file is answered plainly."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from html5lib import parse
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from engine.db import writing
from engine.papers.archive import carried
from engine.papers.book import Paper
from engine.signing import cage
from engine.store import BlobStore
from tests.databases import opened
from tests.engine.signing.altering.keys import FOLDER
from tests.engine.signing.altering.manifest import genuine
from tests.engine.signing.bombs import BOMBS
from tests.unguarded import unguard
from tests.web.calling import Shell
from tests.web.conftest import Site
from tests.workflows.register import enter
from tests.workflows.staging import house
from web import public
from web.extensions import bureau
from web.security import LARGEST_BODY
from web.settings import Settings
from workflows import verification
from workflows.bureau import TEMPLATES
from workflows.keys import Keyring
from workflows.papers import PaperDesk
from workflows.units import Unit

JSON = {"Accept": "application/json"}
BASE, NAMES = "https://binhxet.example.vn", ("genuine", "genuine-certificate")


@pytest.fixture
def codes(site: Site) -> dict[str, str]:
    """The genuine papers, issued at this site."""
    return dict(site.do(lambda session: enter(session, bureau().desk).codes))


def send(site: Site, content: bytes, headers: Any = None, **fields: str) -> TestResponse:
    data = {"file": (io.BytesIO(content), "a.pdf"), **fields}
    return site.client().post("/verify", data=data, headers=headers)


def altered(name: str) -> bytes:
    return (FOLDER / f"{name}.pdf").read_bytes()


@pytest.mark.usefixtures("codes")
def test_an_altered_file_is_told_with_its_reasons_under_the_answers(site: Site) -> None:
    page = send(site, altered("page-added")).text
    parse(page)
    before, *answers = page.split('<li class="answer answer-')
    assert [answer.partition('"')[0] for answer in answers] == ["bad"] * 4
    assert "Tệp có thêm trang" in answers[1]
    assert "Tệp có thêm trang" not in before + answers[0] + answers[2]
    assert "Tệp được làm từ văn bản số 15/QĐ-UBND" in page
    told = send(site, altered("page-added"), JSON).get_json()
    assert told["verdict"] == "altered"
    assert {"page_added", "appended"} <= {reason["code"] for reason in told["reasons"]}
    assert all(reason["detail"] for reason in told["reasons"])


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("signed-by-stranger", "chữ ký số của tổ chức khác"),
        ("from-a-demonstration", "bản mẫu từ một hệ thống dùng thử"),
        ("stranger-with-same-names", "chữ ký giả danh"),
        ("encrypted", "bị khóa bằng mật khẩu"),
        ("cut-in-half", "thiếu phần cuối"),
        ("rolled-back", "chưa được phát hành"),
        ("thousands_of_signatures", "không mở được an toàn"),
    ],
)
def test_every_kind_of_file_has_its_plain_sentence(site: Site, name: str, sentence: str) -> None:
    answer = send(site, BOMBS[name]() if name in BOMBS else altered(name))
    assert answer.status_code == 200
    assert sentence in answer.text


@pytest.mark.usefixtures("codes")
def test_a_file_that_only_the_register_knows_is_not_called_a_draft(site: Site) -> None:
    def planted(session: Session) -> None:
        with writing(session):
            unguard(session.connection(), "papers")
            session.execute(update(Paper).values(number_text="99/QĐ-UBND"))

    site.do(planted)
    page = send(site, genuine()).text
    assert "<h2>Chưa phải văn bản đã phát hành: đừng dùng</h2>" in page
    assert "không có trong nhật ký công khai" in page
    assert "dự thảo" not in page


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"PK\3\4 words", "not_a_pdf"), (b"%PDF-1.7", "cut_off")],
)
def test_what_is_no_paper_at_all_is_answered(site: Site, content: bytes, reason: str) -> None:
    told = send(site, content, JSON).get_json()
    assert told["verdict"] == "unreadable"
    assert [one["code"] for one in told["reasons"]] == [reason]
    assert send(site, content).status_code == 200


def test_a_file_too_large_is_refused_by_its_size_alone(site: Site) -> None:
    """It says it is 200 MB; not a byte of it is read."""
    for headers, form in ((JSON, "json"), ({}, "html")):
        answer = site.client().post(
            "/verify",
            headers=headers,
            content_type="multipart/form-data; boundary=x",
            input_stream=_Untouched(),
            environ_overrides={"CONTENT_LENGTH": str(200 * 2**20)},
        )
        assert answer.status_code == 413
        assert "Tệp quá lớn nên không được mở" in (
            answer.get_json()["reasons"][0]["detail"] if form == "json" else answer.text
        )
    assert LARGEST_BODY < verification.LARGEST


class _Untouched(io.BytesIO):
    def read(self, *_size: Any) -> bytes:
        raise AssertionError("a file that is too large was read")

    readline = read


def test_who_waited_in_vain_for_another_file_is_told_to_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public, "Turn", partial(cage.Turn, patience=0.01))
    folder = site.do(lambda _: bureau().desk.keys.folder)
    with cage._alone(folder, 0) as mine:
        assert mine
        told = send(site, altered("page-added"), JSON)
        page = send(site, altered("page-added"))
    assert (told.status_code, told.headers["Retry-After"]) == (503, "5")
    assert told.get_json()["verdict"] == "busy"
    assert page.status_code == 503
    assert "Chưa có kết luận gì về tệp của bạn" in page.text
    assert "answer-bad" not in page.text


def test_no_file_chosen_is_asked_for(site: Site) -> None:
    client = site.client()
    assert client.post("/verify", data={}).status_code == 422
    nothing = {"file": (io.BytesIO(b""), "")}
    assert "Chọn tệp PDF cần kiểm tra" in client.post("/verify", data=nothing).text
    assert client.post("/verify", headers=JSON).get_json()["status"] == 422


def test_a_file_is_compared_with_the_paper_of_the_code(site: Site, codes: dict[str, str]) -> None:
    code = codes["genuine-certificate"]
    form = site.client().get(f"/verify?code={code}").text
    assert f'name="code" value="{code}"' in form
    other = send(site, genuine(), JSON, code=code).get_json()
    assert other["verdict"] == "other_paper"
    assert [one["code"] for one in other["reasons"]] == ["other_paper"]
    assert "là một văn bản khác" in send(site, genuine(), code=code).text
    same = send(site, genuine(), JSON, code=codes["genuine"]).get_json()
    assert (same["verdict"], same["reasons"]) == ("genuine", [])


SPELLINGS = ("{0}", " {0} ", "{1}", "{2}", "http://127.0.0.1:8000/p/{0}#ABC1")


def test_a_paper_is_found_by_its_code_as_people_type_it(site: Site, codes: dict[str, str]) -> None:
    code, client = codes["genuine"], site.client()
    site.do(_settle)
    groups = f"{code[:4]}-{code[4:8]} {code[8:]}"
    full = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    for form in SPELLINGS:
        typed = form.format(code, groups.upper(), full)
        answer = client.get("/find", query_string={"code": typed})
        assert (answer.status_code, answer.location) == (303, f"/p/{code}"), typed
    for spelled in (code.upper(), groups, f" {code}"):
        answer = client.get(f"/p/{spelled}")
        assert (answer.status_code, answer.location) == (301, f"/p/{code}"), spelled
    assert client.get(f"/p/{code}").status_code == 200
    assert client.get("/p/XXXX-XXXX").status_code == 404


def test_a_code_joined_from_two_papers_is_told_as_that(site: Site, codes: dict[str, str]) -> None:
    first, second, client = codes["genuine"], codes["genuine-certificate"], site.client()
    site.do(_settle)
    own, its = (carried(genuine(name)).fields["strip"].partition("#")[2] for name in NAMES)
    for typed in (f"{BASE}/p/{first}#{own}", f" {BASE}/p/{first.upper()}#{own.lower()}"):
        assert client.get("/find", query_string={"code": typed}).status_code == 303
    joined = client.get("/find", query_string={"code": f"{BASE}/p/{first}#{its}"})
    parse(joined.text)
    assert joined.status_code == 422
    assert "ghép từ hai văn bản" in joined.text
    assert "16/GCN-UBND" in joined.text
    assert [f'href="/p/{code}"' in joined.text for code in (first, second)] == [True, True]
    spoilt = own[:9] + ("A" if own[9] != "A" else "B") + own[10:]
    wrong = client.get("/find", query_string={"code": f"{BASE}/p/{first}#{spoilt}"})
    assert (wrong.status_code, "không phải của văn bản có địa chỉ này" in wrong.text) == (422, True)
    told = client.get("/find", query_string={"code": f"/p/{first}#{its}"}, headers=JSON)
    assert (told.status_code, "16/GCN-UBND" in told.get_json()["detail"]) == (422, True)


def _settle(session: Session) -> None:
    """Gives the papers an authority that is a unit of this site."""
    with writing(session):
        somewhere = select(func.min(Unit.id)).scalar_subquery()
        unguard(session.connection(), "papers")
        session.execute(update(Paper).values(authority_id=somewhere))


def test_a_code_of_no_paper_is_told_and_can_be_mended(site: Site) -> None:
    client = site.client()
    assert 'action="/find"' in client.get("/").text
    answer = client.get("/find?code=23-NOBODY")
    assert answer.status_code == 404
    assert "Không có văn bản nào mang mã “23nobody”" in answer.text
    assert 'value="23-NOBODY"' in answer.text
    assert client.get("/find?code=--").status_code == 422
    assert client.get("/find", headers=JSON).get_json()["status"] == 422
    parse(client.get("/find?code=<b>").text)


@pytest.fixture
def shell(database_url: str, tmp_path: Path) -> Any:
    """A terminal where the genuine papers are issued."""
    with opened(database_url) as engine, Session(engine) as session:
        settings = Settings(env="test", database_url=database_url, var=tmp_path)
        store, keyring = BlobStore(settings.blob_folder), Keyring(settings.keys_folder)
        codes = enter(session, PaperDesk(house(), store, keyring, TEMPLATES)).codes
    yield Shell(tmp_path, {"BINHXET_DATABASE_URL": database_url}), codes


def test_the_command_tells_the_same(shell: tuple[Shell, dict[str, str]], tmp_path: Path) -> None:
    call, codes = shell
    good, bad = FOLDER / "genuine.pdf", FOLDER / "page-removed.pdf"
    assert call("verify", good, "--paper", codes["genuine"]).code == 0
    other = call("verify", good, "--paper", codes["genuine-certificate"], "--json", expect=1)
    assert other.json["verdict"] == "other_paper"
    lines = call("--lang", "en", "verify", bad, expect=1).out.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("✗ Unchanged"))
    assert "    Pages of the issued paper are missing." in lines[place + 1 :]
    huge = tmp_path / "huge.pdf"
    with huge.open("wb") as file:
        file.truncate(200 * 2**20)
    told = call("verify", huge, "--json", expect=1).json
    assert [one["code"] for one in told["reasons"]] == ["too_large"]
