"""The shop on loopback, and the world that is refreshed from it."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import LIVE_VARIABLE
from tests.conftest import Bundled
from tests.live.server import Server
from tests.live.vendor import Clock, Shop
from tests.pipelines.world import CLOCK, World


@pytest.fixture
def shop() -> Shop:
    """A shop."""
    return Shop()


@pytest.fixture
def world(
    shop: Shop, bundled: Bundled, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The graph with its shop, sensors allowed to ask."""
    monkeypatch.setenv(LIVE_VARIABLE, "1")
    bundled.copied_to(home)
    CLOCK.at = Clock().at
    with Server(shop.reply) as server, dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield World(server, home, instance)
