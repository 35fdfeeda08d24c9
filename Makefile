# `make` lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= auto
NEWEST := $(firstword $(foreach version,3.14 3.13 3.12 3.11,$(if $(wildcard $(HOME)/.pyenv/versions/$(version).*)$(shell command -v python$(version)),$(version))) 3.10)

NOTED := conformance api apigateway asl cloudwatch dynamodb encryption events integrations lambdas neighbours permissions deploying

.PHONY: help package demo test clients lowest newest pythons check lint types house format models schemas actions docs fidelity bench benchmarks compare peers clean

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## */make \1|/' | column -t -s '|'

demo: $(if $(wildcard $(VENV)/.installed),,$(VENV)/.runs)  ## run a small shop on the emulator, and show what happened
	@$(BIN)/python -m examples.orders

test: $(VENV)/.installed  ## the tests, in parallel
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q

clients: .venvs/awscli/.installed .venvs/samcli/.installed $(if $(shell command -v npm),tests/clients/node_modules/.installed tests/browser/node_modules/.installed)  ## install other people's clients, for tests/clients

lowest: $(VENV)/.installed  ## most tests on the wheel, on the oldest Python with the oldest dependencies allowed
	$(BIN)/nox -s "tests-3.10(lowest)"

newest: $(VENV)/.installed  ## most tests on the wheel, on the newest Python at hand with the newest dependencies
	$(BIN)/nox -s "tests-$(NEWEST)(newest)"

pythons: $(VENV)/.installed  ## the same on every Python at hand, with the oldest and the newest dependencies
	$(BIN)/nox

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

fidelity: $(VENV)/.installed  ## note what the code does in tests that pass, for the pages on fidelity; ten minutes
	PYTHONPATH=tests $(BIN)/python -m evidence.others docs/fidelity-moto.json
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q $(addprefix tests/,$(NOTED)) --fidelity docs/fidelity.json

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

compare: $(VENV)/.installed  ## try what the emulators can do, and write docs/comparison.md; half an hour
	$(BIN)/python -m benchmarks compare --write docs/comparison.md

peers: $(VENV)/.installed  ## install the other emulators, for bench, benchmarks and compare
	$(BIN)/python -m benchmarks peers

$(VENV)/.installed: pyproject.toml
	@echo "Installing Dynastep and the tools of its tests into $(VENV); this takes a minute or two, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

$(VENV)/.runs: pyproject.toml   # without the tools of the tests: in half the time, and a fifth of the size
	@echo "Installing Dynastep into $(VENV); this takes half a minute, once."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable .
	touch $@

.venvs/awscli/.installed:
	$(PYTHON) -m venv .venvs/awscli
	.venvs/awscli/bin/python -m pip install --quiet awscli
	touch $@

.venvs/samcli/.installed:
	$(PYTHON) -m venv .venvs/samcli
	.venvs/samcli/bin/python -m pip install --quiet aws-sam-cli
	touch $@

%/node_modules/.installed: %/package.json
	npm install --prefix $* --silent --no-audit --no-fund --no-package-lock
	touch $@

clean:  ## remove what the other targets have made
	rm -rf $(VENV) .venvs tests/clients/node_modules tests/browser/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
