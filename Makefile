# Retold: everything a contributor runs. `make help` is the menu.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input
# The lock is whole, so nothing is left to resolve; every file is checked against its hash.
LOCKED := $(PIP) --no-deps --require-hashes
ROOMS := schemas rules connectors feeds summaries store steps kit flows web cli
CODE := $(ROOMS) settings.py demo tests bench docs

.PHONY: help
help: ## show this menu
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/python
	@echo "Installing what Retold needs into .venv (about a minute, once) ..."
	$(LOCKED) -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ready-dev: .venv/.ready requirements-dev.lock
	@echo "Installing what its tests need ..."
	$(LOCKED) -r requirements-dev.lock
	@touch $@

# REDbot stands apart: it brings chardet, by which feedparser would guess what it does not in use.
.venv/redbot/.ready: requirements-redbot.lock | .venv/bin/python
	$(PYTHON) -m venv .venv/redbot
	.venv/redbot/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes -r requirements-redbot.lock
	@touch $@

.PHONY: install
install: .venv/.ready ## set Retold up in .venv, from the lock

.PHONY: demo
demo: .venv/.ready ## the whole loop on a made-up world; ONCE=1 ends by itself
	@$(BIN)/python -m demo $(if $(ONCE),--once)

.PHONY: test
test: .venv/.ready-dev .venv/redbot/.ready ## every test, with branch coverage
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not soak" --cov --cov-report= $(ARGS)
	@$(BIN)/python tests/coverage_floors.py

.PHONY: lint
lint: .venv/.ready-dev ## style, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: check
check: lint test ## all that CI asks for

.PHONY: soak
soak: .venv/.ready-dev ## the long campaigns: kills by the hundred, large loads
	RETOLD_SOAK=1 $(BIN)/python -m pytest tests/soak -p no:cacheprovider -s $(ARGS)

.PHONY: bench
bench: .venv/.ready-dev ## ratios against peers and floors, one line a figure
	@$(BIN)/python -m bench $(ARGS)

.PHONY: reference
reference: .venv/.ready-dev ## write docs/reference anew from the code
	$(BIN)/python -m docs.generate

.PHONY: format
format: .venv/.ready-dev ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: ## resolve the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group build -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group build --group dev --group bench -c requirements.lock -o requirements-dev.lock
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --no-annotate --group redbot -o requirements-redbot.lock

.PHONY: clean
clean: ## remove what can be made again
	rm -rf .venv .retold .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
