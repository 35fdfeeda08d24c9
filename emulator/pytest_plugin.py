"""The pytest surface: the fixture ``dynastep``, and the coverage of state machines (``--asl-cov``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from emulator.testing import Dynastep


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the options of coverage."""
    from emulator.bench.pytest_options import add_coverage_options

    add_coverage_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Explain failures; count what state machines do, if that is wanted."""
    from emulator.bench.pytest_failures import FailuresExplained

    config.pluginmanager.register(FailuresExplained(), "dynastep-failures")
    if config.getoption("--asl-cov") is not None:
        from emulator.bench.pytest_coverage import CoverageOfStateMachines

        config.pluginmanager.register(CoverageOfStateMachines(config), "dynastep-coverage")


@pytest.fixture
def dynastep(request: pytest.FixtureRequest) -> Iterator[Dynastep]:
    """AWS for this test: Step Functions, DynamoDB and the rest, empty, under virtual time.

    ``dynastep.run(definition, input)`` runs a machine; ``client`` and ``resource`` are boto3's; ``function`` makes a
    Python callable a Lambda function; ``clock`` is the time; code under test finds ``url`` in AWS_ENDPOINT_URL by
    itself.
    """
    from emulator.testing import emulator

    counting = request.config.pluginmanager.get_plugin("dynastep-coverage")
    with emulator(coverage=None if counting is None else counting.record.definitions) as emulated:
        yield emulated
