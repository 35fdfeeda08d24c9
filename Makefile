# make demo: see it work.  make test: the tests.  make check: what .ci/run checks besides.
# make clients: other people's clients, for the tests in tests/clients.
# make lowest, make newest: most tests, on the oldest Python with the oldest dependencies allowed, and on the newest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= auto

# The folders of tests that tell whether a version of Python or of a dependency will do.
TELLING := tests/asl tests/api tests/plugin tests/dynamodb tests/integrations
python = $(firstword $(wildcard $(HOME)/.pyenv/versions/$(1).*/bin/python) $(shell command -v python$(1)))
OLDEST := $(call python,3.10)
NEWEST := $(call python,3.13)

.PHONY: demo test clients lowest newest check lint types house format models schemas actions docs fidelity bench clean

demo: $(VENV)/.installed
	@$(BIN)/python -m examples.orders

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q

clients: .venvs/awscli/.installed $(if $(shell command -v npm),tests/clients/node_modules/.installed)

lowest: $(if $(OLDEST),.venvs/lowest/.installed)
	$(if $(OLDEST),.venvs/lowest/bin/python -m pytest -n $(PYTEST_WORKERS) -q $(TELLING),@echo SKIP lowest: no Python 3.10)

newest: $(if $(NEWEST),.venvs/newest/.installed)
	$(if $(NEWEST),.venvs/newest/bin/python -m pytest -n $(PYTEST_WORKERS) -q $(TELLING),@echo SKIP newest: no Python 3.13)

check: lint types house docs

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed
	$(BIN)/mypy

house: $(VENV)/.installed
	$(BIN)/python -m pytest -q tests/test_house.py

format: $(VENV)/.installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

fidelity: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q tests/conformance --fidelity docs/fidelity.json

models: $(VENV)/.installed
	$(BIN)/python tests/models.py

schemas: $(VENV)/.installed
	$(BIN)/python tests/schemas.py

actions: $(VENV)/.installed
	$(BIN)/python tests/actions.py

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

.venvs/awscli/.installed:
	$(PYTHON) -m venv .venvs/awscli
	.venvs/awscli/bin/python -m pip install --quiet awscli
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

tests/clients/node_modules/.installed: tests/clients/package.json
	npm install --prefix tests/clients --silent --no-audit --no-fund --no-package-lock
	touch $@

clean:
	rm -rf $(VENV) .venvs tests/clients/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
