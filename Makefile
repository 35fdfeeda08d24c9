# make demo: see it work.  make test: the tests.  make check: what .ci/run checks besides.
# make clients: other people's clients, for the tests in tests/clients.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_WORKERS ?= auto

.PHONY: demo test clients check lint types house format bench clean

demo: $(VENV)/.installed
	@$(BIN)/python -m examples.orders

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) -q

clients: .venvs/awscli/.installed $(if $(shell command -v npm),tests/clients/node_modules/.installed)

check: lint types house

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

tests/clients/node_modules/.installed: tests/clients/package.json
	npm install --prefix tests/clients --silent --no-audit --no-fund --no-package-lock
	touch $@

clean:
	rm -rf $(VENV) .venvs/awscli tests/clients/node_modules build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
