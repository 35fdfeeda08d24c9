"""A server whose pages are asked for without a browser."""

from __future__ import annotations

import pytest
from werkzeug.test import Client

from emulator.app import create_app
from emulator.control import Control
from emulator.settings import Settings


@pytest.fixture
def browser():
    """Asks for pages of a server of its own."""
    control = Control(Settings())
    yield Client(create_app(control))
    control.close()
