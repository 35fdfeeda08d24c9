# `make` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= auto

# The folders of tests that tell whether a version of Python or of a dependency will do.
TELLING := tests/asl tests/api tests/plugin tests/dynamodb tests/integrations
python = $(firstword $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python) $(shell command -v python$(1)))
OLDEST := $(call python,3.10)
NEWEST := $(call python,3.13)

.PHONY: help package demo test clients lowest newest check lint types house format models schemas actions docs fidelity bench benchmarks clean

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */make \1|/' | column -t -s '|'

demo: $(VENV)/.installed  ## run a small shop on the emulator, and show what happened
	@$(BIN)/python -m examples.orders

test: $(VENV)/.installed  ## the tests, in parallel
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q

clients: .venvs/awscli/.installed .venvs/samcli/.installed $(if $(shell command -v npm),tests/clients/node_modules/.installed tests/browser/node_modules/.installed)  ## install other people's clients, for tests/clients

lowest: $(if $(OLDEST),.venvs/lowest/.installed)  ## most tests on the oldest Python, with the oldest dependencies allowed
	$(if $(OLDEST),.venvs/lowest/bin/python -m pytest -n $(PYTEST_WORKERS) -q $(TELLING),@echo SKIP lowest: no Python 3.10)

newest: $(if $(NEWEST),.venvs/newest/.installed)  ## most tests on the newest Python
	$(if $(NEWEST),.venvs/newest/bin/python -m pytest -n $(PYTEST_WORKERS) -q $(TELLING),@echo SKIP newest: no Python 3.13)

check: lint types house docs  ## lint, types, the rules of the house and the documentation

lint: $(VENV)/.installed  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed  ## mypy, strict
	$(BIN)/mypy

house: $(VENV)/.installed  ## who may import whom
	$(BIN)/python -m pytest -q tests/test_house.py

format: $(VENV)/.installed  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed  ## build the documentation into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

fidelity: $(VENV)/.installed  ## count the answers recorded on AWS that are the same here, for the documentation
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q tests/conformance --fidelity docs/fidelity.json

package: $(VENV)/.installed  ## build the wheel and the source archive into build/package, and check them
	rm -rf build/package
	$(BIN)/python -m build --outdir build/package .
	$(BIN)/twine check --strict build/package/*
	$(BIN)/check-wheel-contents build/package/*.whl

models: $(VENV)/.installed  ## copy botocore's models of our services
	$(BIN)/python tests/models.py

schemas: $(VENV)/.installed  ## condense AWS's schemas of resource types
	$(BIN)/python tests/schemas.py

actions: $(VENV)/.installed
	$(BIN)/python tests/actions.py

bench: $(VENV)/.installed  ## measure, beside other emulators
	$(BIN)/python -m benchmarks

benchmarks: $(VENV)/.installed  ## measure, beside other emulators, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

.venvs/awscli/.installed:
	$(PYTHON) -m venv .venvs/awscli
	.venvs/awscli/bin/python -m pip install --quiet awscli
	touch $@

.venvs/samcli/.installed:
	$(PYTHON) -m venv .venvs/samcli
	.venvs/samcli/bin/python -m pip install --quiet aws-sam-cli
	touch $@

.venvs/lowest/.installed: pyproject.toml tests/floors.py $(VENV)/.installed
	$(OLDEST) -m venv --clear .venvs/lowest
	$(BIN)/python tests/floors.py > .venvs/lowest/floors.txt
	.venvs/lowest/bin/python -m pip install --quiet --editable '.[all,tests]' --constraint .venvs/lowest/floors.txt
	touch $@

.venvs/newest/.installed: pyproject.toml
	$(NEWEST) -m venv --clear .venvs/newest
	.venvs/newest/bin/python -m pip install --quiet --editable '.[all,tests]'
	touch $@

%/node_modules/.installed: %/package.json
	npm install --prefix $* --silent --no-audit --no-fund --no-package-lock
	touch $@

clean:  ## remove what the other targets have made
	rm -rf $(VENV) .venvs tests/clients/node_modules tests/browser/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
