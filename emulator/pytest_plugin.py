"""The pytest surface: the fixture ``dynastep``, coverage of state machines (``--asl-cov``), chaos (``--asl-chaos``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from emulator.bench.pytest_imports import import_as_they_are

if TYPE_CHECKING:
    from emulator.testing import Dynastep

import_as_they_are()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options of coverage, of chaos, and of the fixtures."""
    from emulator.bench.pytest_options import add_chaos_options, add_coverage_options
    from emulator.bench.pytest_scopes import add_scope_options

    add_coverage_options(parser)
    add_chaos_options(parser)
    add_scope_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Explain failures; count what state machines do, if that is wanted."""
    from emulator.bench.pytest_failures import FailuresExplained
    from emulator.bench.pytest_scopes import Scopes, check_configuration

    check_configuration(config)
    config.pluginmanager.register(Scopes(config), "dynastep-scopes")
    config.pluginmanager.register(FailuresExplained(), "dynastep-failures")
    if config.getoption("--asl-cov") is not None:
        from emulator.bench.pytest_coverage import CoverageOfStateMachines

        config.pluginmanager.register(CoverageOfStateMachines(config), "dynastep-coverage")
    if config.getoption("--asl-chaos") is not None:
        from emulator.bench.pytest_chaos import Chaos

        config.pluginmanager.register(Chaos(config), "dynastep-chaos")


@contextmanager
def _opened(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """The emulator of a fixture, with the options of what it is the fixture of."""
    from emulator.bench.options import InvalidOption
    from emulator.bench.pytest_scopes import options_of
    from emulator.bench.surroundings import collected_seldom

    with collected_seldom():
        from emulator.testing import emulator

    counting = request.config.pluginmanager.get_plugin("dynastep-coverage")
    chaos = request.config.pluginmanager.get_plugin("dynastep-chaos") if request.scope == "function" else None
    coverage = None if counting is None else counting.record.definitions
    if chaos is not None:
        coverage = chaos.coverage if chaos.is_on or coverage is None else coverage
    try:
        opened = emulator(coverage=coverage, **options_of(request.node, request.config))
    except InvalidOption as error:
        wrong = str(error)
    else:
        wrong = ""
    if wrong:
        pytest.fail(wrong, pytrace=False)  # no frame of ours explains it
    with opened as emulated:
        if chaos is not None:
            chaos.begin(emulated)
        try:
            yield emulated
        finally:
            if chaos is not None:
                chaos.end(emulated, coverage)
        wrong = emulated.take_verdict()
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.fixture
def dynastep(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """An empty emulator of AWS for this test, under virtual time.

    ``dynastep.run(definition, input)`` runs a machine. ``client`` and ``resource`` make clients of boto3. ``function``
    makes a Lambda function from a Python callable. ``clock`` moves time. Other processes find the emulator by the
    variable AWS_ENDPOINT_URL, which holds ``url``.
    """
    with _opened(request) as emulated:
        yield emulated


@pytest.fixture(scope="class")
def dynastep_class(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """One emulator for all tests of a class. A test sees the resources that earlier tests have made."""
    with _opened(request) as emulated:
        yield emulated


@pytest.fixture(scope="module")
def dynastep_module(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """One emulator for all tests of a module. A test sees the resources that earlier tests have made."""
    with _opened(request) as emulated:
        yield emulated


@pytest.fixture(scope="session")
def dynastep_session(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """One emulator for all tests of the session. A test sees the resources that earlier tests have made."""
    with _opened(request) as emulated:
        yield emulated
