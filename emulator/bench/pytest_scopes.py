"""Options of the fixtures in pytest: by marker and by configuration; and tests that use no fixture."""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import Any, Final

import pytest

from emulator.bench.option_names import HELP

ONLY: Final = "only"
PREFIX: Final = "dynastep_"
_KEYS: Final = re.compile(rf"^[ \t]*({PREFIX}\w+)[ \t]*[=:]", re.MULTILINE)


def add_scope_options(parser: pytest.Parser) -> None:
    """Offer the options in files of configuration: ``dynastep_region``, and so on."""
    for name, text in HELP.items():
        parser.addini(f"{PREFIX}{name}", text, type="string", default="")
    parser.addini(f"{PREFIX}{ONLY}", "Whether tests without the fixture dynastep may call no AWS.", type="bool")


def check_configuration(config: pytest.Config) -> None:
    """Tell the marker, and refuse options that there are not.

    Raises:
        UsageError: the configuration has such an option; the text has the nearest name.
    """
    config.addinivalue_line("markers", f"dynastep({', '.join(f'{name}=' for name in HELP)}): options of the fixture.")
    text = "" if config.inipath is None else config.inipath.read_text(encoding="utf-8", errors="replace")
    for key in _KEYS.findall(text):  # pytest tells nobody which keys there are
        if key.removeprefix(PREFIX) not in (*HELP, ONLY):
            from emulator.suggestions import unknown

            raise pytest.UsageError(unknown("option", key, [f"{PREFIX}{known}" for known in (*HELP, ONLY)]))


def options_of(node: pytest.Item | pytest.Collector, config: pytest.Config) -> dict[str, Any]:
    """The options of a test, a class, a module or the session: those of the closest marker win.

    Raises:
        InvalidOption: a marker has an option that there is not, or one without a name.
    """
    from emulator.bench.options import InvalidOption, check_names

    given: dict[str, Any] = {name: text for name in HELP if (text := config.getini(f"{PREFIX}{name}"))}
    for mark in reversed(list(node.iter_markers("dynastep"))):
        if mark.args:
            raise InvalidOption(f"The marker dynastep has options by name only, such as region=, not {mark.args[0]!r}.")
        given |= mark.kwargs
    check_names(given)
    return given


class Scopes:
    """Checks the marker of every test, and refuses calls to AWS where ``dynastep_only`` is set."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """A marker is right whether or not the test uses the fixture."""
        if item.get_closest_marker("dynastep") is None:
            return
        from emulator.bench.options import InvalidOption

        wrong = ""
        try:
            options_of(item, self._config)
        except InvalidOption as error:
            wrong = str(error)
        if wrong:
            pytest.fail(wrong, pytrace=False)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Have a test that opens no emulator call no AWS, if that is wanted."""
        if not self._config.getini(f"{PREFIX}{ONLY}"):
            return (yield)
        from emulator.interception import answered_by, refusal

        with answered_by(refusal(lambda: item.nodeid), _let_through(item, self._config)):
            return (yield)


def _let_through(item: pytest.Item, config: pytest.Config) -> frozenset[str]:
    from emulator.bench.options import InvalidOption, Options

    try:
        return Options.read(options_of(item, config), os.environ).let_through
    except InvalidOption:
        return frozenset()  # the setup of the test says what is wrong
