# Bình Xét: every command a person or a machine needs. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VAR ?= var
PORT ?= 8000
SERVE ?= yes
# As many as there are cores: one more fills the seconds in which a test waits for a browser or a
# server, and spends as many on collecting the tests and on what each process makes for itself.
WORKERS ?= $(shell nproc)

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-cache-dir
PACKAGES := engine workflows web

# What is started more than once is compiled once, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

# Nothing is written outside the checkout: libraries' caches go under VAR.
var_path := $(abspath $(VAR))
export XDG_CACHE_HOME := $(var_path)/cache
export XDG_CONFIG_HOME := $(var_path)/config
# Sockets live in the temporary folder, and a socket's path has at most 107 bytes.
tmp_path := $(var_path)/tmp
ifeq ($(shell test $$(printf %s '$(tmp_path)' | wc -c) -le 48 && echo short),short)
export TMPDIR := $(tmp_path)
endif
$(shell mkdir -p '$(tmp_path)' '$(var_path)/cache' '$(var_path)/config')

.PHONY: help
help: ## say all this
	@echo 'Bình Xét. Commands:'
	grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/' | expand -t 18
	echo 'Settings: PORT=$(PORT) VAR=$(VAR) SERVE=$(SERVE) (SERVE=no ends the demonstration before serving)'

.PHONY: demo
demo: $(VENV)/run.stamp ## install, build the demonstration district, drive one nomination, verify its papers, serve
	@.ci/system-packages demo
	exec $(BIN)/binhxet demo --var '$(VAR)' --port '$(PORT)' $(if $(filter no,$(SERVE)),--no-serve)

.PHONY: run
run: $(VENV)/run.stamp ## serve what the demonstration built
	@.ci/system-packages demo
	exec $(BIN)/binhxet serve --worker --var '$(VAR)' --port '$(PORT)'

.PHONY: test
test: $(VENV)/dev.stamp ## install, run every test on SQLite and PostgreSQL
	@.ci/system-packages test
	.ci/bpmnlint/install '$(VAR)/bpmnlint'
	exec $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

.PHONY: check
check: $(VENV)/dev.stamp ## format, lint, types, architecture, translations, a test for every clause of law
	@failed=0
	$(BIN)/ruff format --check || failed=1
	$(BIN)/ruff check || failed=1
	$(BIN)/mypy --strict $(PACKAGES) || failed=1
	$(BIN)/lint-imports --no-logo --cache-dir '$(VAR)/cache/import-linter' || failed=1
	$(BIN)/python -m web.catalogue || failed=1
	$(BIN)/python -m tests.law.clauses || failed=1
	exit $$failed

.PHONY: bench
bench: $(VENV)/dev.stamp ## run the benchmarks, write $(VAR)/bench.json
	@.ci/system-packages demo
	exec $(BIN)/binhxet bench --var '$(VAR)' $(ARGS)

.PHONY: migration
migration: $(VENV)/dev.stamp ## write the next migration from the models: MESSAGE="Add …"
	@$(BIN)/python -m workflows.migrate '$(MESSAGE)'
	$(BIN)/ruff check --quiet --fix workflows/migrations/versions
	$(BIN)/ruff format --quiet workflows/migrations/versions

.PHONY: texts
texts: $(VENV)/dev.stamp ## renew the English catalogue of the pages
	@$(BIN)/python -m web.catalogue --renew

.PHONY: format
format: $(VENV)/dev.stamp ## format the code and apply safe fixes
	@$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: install
install: $(VENV)/dev.stamp ## install everything a developer needs, in .venv
	@.ci/system-packages test

.PHONY: lock
lock: $(VENV)/dev.stamp ## write the lock file anew from pyproject.toml (uv comes into var/lock-venv)
	@test -x '$(VAR)/lock-venv/bin/uv' || { $(PYTHON) -m venv '$(VAR)/lock-venv'; '$(VAR)/lock-venv/bin/pip' install --no-cache-dir -q uv; }
	compile() { '$(VAR)/lock-venv/bin/uv' pip compile -q --no-cache --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate "$$@"; }
	compile pyproject.toml -o $(VENV)/run.lock
	compile --group dev -c $(VENV)/run.lock -o $(VENV)/dev.lock
	{ echo '# What the product needs. Written by `make lock`.'; cat $(VENV)/run.lock; echo; echo '$(DIVIDER)'; cat $(VENV)/dev.lock; } > requirements.lock

.PHONY: clean
clean: ## remove the demonstration, caches and the environment
	@rm -rf '$(VAR)' $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ./*.egg-info

# The lock names versions and hashes and no index, so whatever index pip is set up with serves. What
# stands below the divider is for tests and checks: the demonstration does without it.
DIVIDER := \# --- for tests and checks only ---

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed; name one with PYTHON=' >&2; exit 1; }
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/system-packages venv
	test -x $(BIN)/python && $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	sed '/^$(DIVIDER)$$/,$$d' requirements.lock > $(VENV)/run.lock
	$(PIP) install --require-hashes --only-binary=:all: -r $(VENV)/run.lock
	$(PIP) install --quiet --no-build-isolation --no-deps --no-index --editable .
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@sed '1,/^$(DIVIDER)$$/d' requirements.lock > $(VENV)/dev.lock
	$(PIP) install --require-hashes --only-binary=:all: -r $(VENV)/dev.lock
	touch $@
