"""Settings: none for a demonstration, safe ones only for production."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from engine import clock
from engine.papers import fonts
from engine.subjects import Subject
from web import settings as module
from web.cli.refusals import describe
from web.settings import (
    TEST_SECRET,
    Settings,
    Unsafe,
    check_production,
    check_start,
    load,
    remember_address,
    require_start,
)
from workflows import library, migrate
from workflows.lawfiles import files_of

GOOD_SECRET = "Vd8mQ2zLr0pXw4TjKc6nYb1sHf5gAe3uRi9o"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"BINHXET_{field.upper()}", raising=False)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('migrated')}/binhxet.db"
    migrate.upgrade(url)
    return url


def _production(migrated: str, tmp_path: Path, **changed: object) -> Settings:
    values: dict[str, object] = {
        "env": "production",
        "var": tmp_path,
        "database_url": migrated,
        "queue_url": f"sqlite:///{tmp_path}/queue.db",
        "blob_url": f"file://{tmp_path}/blobs",
        "secret_key": GOOD_SECRET,
        "base_url": "https://binhxet.example",
        "signer": "deferred",
    }
    return load(**values | changed)


def _codes(settings: Settings) -> list[str]:
    return [problem.code for problem in check_production(settings)]


def test_a_demonstration_needs_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load()
    home = tmp_path / "var" / "demo"
    assert settings.database_url == f"sqlite:///{home}/binhxet.db"
    assert settings.queue_url == f"sqlite:///{home}/queue.db"
    assert settings.blob_folder == home / "blobs"
    assert settings.keys_folder == home / "keys"
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.specimen


def test_the_environment_is_read_and_arguments_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINHXET_VAR", str(tmp_path))
    monkeypatch.setenv("BINHXET_BASE_URL", "http://127.0.0.1:9000/")
    monkeypatch.setenv("BINHXET_DATABASE_URL", "sqlite:///somewhere.db")
    assert load().base_url == "http://127.0.0.1:9000"
    assert load().database_url == f"sqlite:///{Path.cwd()}/somewhere.db"
    assert load(base_url="http://127.0.0.1:1").base_url == "http://127.0.0.1:1"
    assert load(base_url=None).base_url == "http://127.0.0.1:9000"


def test_a_demonstration_makes_its_secret_once_and_for_its_owner_only(tmp_path: Path) -> None:
    secret = load(var=tmp_path).secret
    assert len(secret) >= 48
    assert load(var=tmp_path).secret == secret
    file = tmp_path / "demo" / "secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret"]
    assert load(var=tmp_path / "other").secret != secret


def _secret_of(folder: str) -> str:
    return load(var=folder, env="demo").secret


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_secret_of, [str(tmp_path)] * 8))) == 1


def test_a_secret_that_was_given_is_used_and_not_shown(tmp_path: Path) -> None:
    settings = load(var=tmp_path, secret_key=GOOD_SECRET)
    assert settings.secret == GOOD_SECRET
    assert GOOD_SECRET not in repr(settings)
    assert not (tmp_path / "demo").exists()
    assert load(env="test").secret == TEST_SECRET


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "ftp://somewhere"])
def test_files_lie_in_a_folder_and_nowhere_else(url: str) -> None:
    with pytest.raises(Unsafe) as told:
        load(blob_url=url)
    (problem,) = told.value.problems
    assert (problem.code, problem.setting) == ("no_such_store", "BINHXET_BLOB_URL")
    assert url in describe(problem)
    assert "file:///" in describe(problem)


@pytest.mark.parametrize(
    ("given", "setting", "hint"),
    [
        ({"database_url": "mysql://somewhere/x"}, "", "postgresql+psycopg"),
        ({"queue_url": "redis://somewhere"}, "", "redis"),
        ({"env": "staging"}, "BINHXET_ENV", "production"),
        ({"signer": "paper"}, "BINHXET_SIGNER", "deferred"),
        ({"base_url": "127.0.0.1:8000"}, "", "http"),
        ({"unknown": "x"}, "BINHXET_UNKNOWN", "not permitted"),
    ],
)
def test_what_cannot_be_used_is_told_by_name(
    given: dict[str, str], setting: str, hint: str
) -> None:
    with pytest.raises(Unsafe) as told:
        load(**given)
    problem = told.value.problems[0]
    assert problem.code == "unreadable_setting"
    assert problem.setting == setting
    assert hint in problem.hint


def test_good_settings_may_start_in_production(migrated: str, tmp_path: Path) -> None:
    settings = _production(migrated, tmp_path)
    assert check_production(settings) == []
    require_start(settings)
    assert not settings.specimen


def test_revoked_certificates_are_asked_about_where_it_counts(
    migrated: str, tmp_path: Path
) -> None:
    assert load(var=tmp_path).revocation == "off"
    assert _production(migrated, tmp_path).revocation == "require"
    assert _production(migrated, tmp_path, revocation="ask").revocation == "ask"
    told = _production(migrated, tmp_path, revocation_hosts="ocsp.example, CRL.example")
    assert told.allowed_hosts == {"ocsp.example", "crl.example"}


def test_only_a_demonstration_has_a_time_authority_of_its_own(tmp_path: Path) -> None:
    assert load(var=tmp_path).tsa_url == "demo:"
    assert load(var=tmp_path, tsa_url="http://tsa.example/").tsa_url == "http://tsa.example/"
    assert load(env="test").tsa_url == ""


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"env": "demo"}, "not_production"),
        ({"secret_key": ""}, "default_secret"),
        ({"secret_key": TEST_SECRET}, "default_secret"),
        ({"secret_key": "secret"}, "default_secret"),
        ({"secret_key": "abc" * 20}, "default_secret"),
        ({"debug": True}, "debug_on"),
        ({"base_url": "http://binhxet.example"}, "plain_http"),
        ({"base_url": ""}, "plain_http"),
        ({"signer": "software"}, "software_keystore"),
        ({"pkcs11_module": "", "signer": "pkcs11"}, "setting_missing"),
        ({"tsa_url": "demo:"}, "demo_time"),
        ({"tsa_url": "http://tsa.example"}, "no_time_roots"),
        ({"queue_url": ""}, "setting_missing"),
        ({"blob_url": ""}, "setting_missing"),
        ({"database_url": ""}, "setting_missing"),
    ],
)
def test_production_refuses_each_unsafe_setting_by_its_name(
    migrated: str, tmp_path: Path, changed: dict[str, object], code: str
) -> None:
    settings = _production(migrated, tmp_path, **changed)
    found = check_production(settings)
    assert [problem.code for problem in found] == [code]
    assert found[0].setting == f"BINHXET_{next(iter(changed)).upper()}"
    if code != "not_production":
        with pytest.raises(Unsafe, match=code):
            require_start(settings)


def test_production_has_no_defaults(tmp_path: Path) -> None:
    settings = load(env="production", var=tmp_path)
    assert _codes(settings) == [
        "default_secret",
        "plain_http",
        "software_keystore",
        "setting_missing",
        "setting_missing",
        "setting_missing",
    ]
    assert settings.secret == ""


def test_a_database_must_be_there_and_migrated(tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path}/nowhere.db"
    empty = f"sqlite:///{tmp_path}/empty.db"
    create_engine(empty).connect().close()
    away = f"postgresql+psycopg://nobody@/nowhere?host={tmp_path}"
    for url, code in (
        (nowhere, "no_database"),
        (empty, "unmigrated_database"),
        (away, "database_unreachable"),
    ):
        settings = load(env="test", var=tmp_path, database_url=url)
        assert [problem.code for problem in check_start(settings)] == [code]
        with pytest.raises(Unsafe, match=code):
            require_start(settings)
    assert not (tmp_path / "nowhere.db").exists()


def test_the_law_is_proved_before_anything_starts(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _production(migrated, tmp_path)
    files = files_of("recognition")
    source = next(path for path in files if path.stem == "de-an-375")
    text = source.read_text(encoding="utf-8")
    spoilt = {
        "transitions.register.guards": text.replace('"registration_in_order"', '"no_such_guard"'),
        "": text + "[[states",
    }
    for key, now in spoilt.items():
        broken = tmp_path / "de-an-375.toml"
        broken.write_text(now, encoding="utf-8")
        with_broken = [broken if path == source else path for path in files]
        monkeypatch.setattr(library, "files_of", lambda _kind, told=with_broken: told)
        library.law.cache_clear()
        (problem,) = check_start(settings)
        assert (problem.code, Path(problem.setting).name) == ("unsound_law", broken.name)
        assert problem.hint.startswith(key)
        assert describe(problem)
        with pytest.raises(Unsafe, match="unsound_law"):
            require_start(settings)
    monkeypatch.undo()
    library.law.cache_clear()


def test_cases_of_a_law_that_is_gone_are_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/binhxet.db"
    migrate.upgrade(url)
    engine = create_engine(url)
    known = library.law().definitions[0]
    with engine.begin() as connection:
        for digest in (known.digest, "0" * 64):
            connection.execute(
                insert(Subject).values(
                    kind="nomination",
                    definition_id=known.id,
                    definition_digest=digest,
                    state="",
                    version=0,
                    entered_at=clock.now(),
                )
            )
    engine.dispose()
    (problem,) = check_start(load(env="test", var=tmp_path, database_url=url))
    assert (problem.code, problem.setting, problem.hint) == ("definition_gone", known.id, "0" * 64)
    assert describe(problem)


def test_the_cutter_of_fonts_is_asked_for() -> None:
    # Without it the same paper has other bytes.
    assert "libharfbuzz-subset.so.0" in module.LIBRARIES


def test_a_missing_typeface_or_library_names_the_command(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _production(migrated, tmp_path)
    monkeypatch.setattr(fonts, "_ROOTS", (tmp_path,))
    monkeypatch.setattr(module, "LIBRARIES", ("libnothing.so.9",))
    found = {problem.code: problem for problem in check_production(settings)}
    assert set(found) == {"missing_font", "missing_library"}
    assert "apt-get install" in found["missing_font"].hint
    assert "apt-get install" in found["missing_library"].hint


def test_the_sites_of_before_are_told_as_papers_name_them(tmp_path: Path) -> None:
    told = Settings(env="test", var=tmp_path, former_urls="https://a.vn/, https://b.vn/x")
    assert told.former_sites == ("https://a.vn", "https://b.vn/x")


def test_a_demonstration_knows_where_it_is_and_was(tmp_path: Path) -> None:
    for port in (8000, 8767):
        remember_address(load(var=tmp_path, base_url=f"http://127.0.0.1:{port}"))
    later = load(var=tmp_path)
    assert later.base_url == "http://127.0.0.1:8767"
    assert later.former_sites == ("http://127.0.0.1:8000",)
    moved = load(var=tmp_path, base_url="https://elsewhere.example.vn")
    assert moved.former_sites == ("http://127.0.0.1:8767", "http://127.0.0.1:8000")
