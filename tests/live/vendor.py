"""The shop's server: prices that move, pages with a next link, validators, outages, and a clock of the test's own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import tests.live.shop as shop_publisher
from brytpunkt.folders import folders
from brytpunkt.landing import Landing
from brytpunkt.landing.fetch import Patience
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers.find import publisher
from brytpunkt.warehouse import Refresher, Warehouse
from tests.live.server import Answer, Asked, Server

QUICK = Patience(silence_s=5, attempts=2, first_wait_s=0.001, longest_wait_s=0.01)


def find(name: str) -> Any:
    """The shop, or a publisher of the house."""
    module: ModuleType = shop_publisher
    return module if name == "shop" else publisher(name)


@dataclass
class Clock:
    """Time that passes when a test says so."""

    at: datetime = datetime(2026, 11, 2, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Now."""
        return self.at

    def pass_days(self, days: float = 1) -> None:
        """Let time go by."""
        self.at += timedelta(days=days)


@dataclass
class Shop:
    """What the shop sells, and how its server behaves; opinions and odd names stand on its first page."""

    offers: list[dict[str, str]] = field(
        default_factory=lambda: [{"sku": f"gpu-{n}", "price": f"{20 + n}.5"} for n in range(10)]
    )
    opinions: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)
    page_size: int = 4
    schema: str = "shop/1"
    is_down: bool = False
    has_validators: bool = True
    made_at: str = ""
    instead: Any = None

    def reply(self, asked: Asked) -> Answer:
        """A page of offers, or the pointer."""
        if self.instead is not None:
            answer: Answer | None = self.instead(asked)
            if answer is not None:
                return answer
        if self.is_down:
            return Answer(b"down", 503)
        parts = urlsplit(asked.path)
        if parts.path == "/pointer.json":
            return self._conditional(asked, {"version": self.version()})
        number = int(parse_qs(parts.query).get("page", ["0"])[0])
        ahead = (number + 1) * self.page_size < len(self.offers)
        host = asked.headers["Host"]
        page: dict[str, object] = {
            "schema": self.schema,
            "made_at": self.made_at,
            "offers": self.offers[number * self.page_size : (number + 1) * self.page_size],
            "opinions": {} if number else self.opinions,
            "odd": [] if number else self.odd,
            "next": f"http://{host}/offers?page={number + 1}" if ahead else None,
        }
        return self._conditional(asked, page)

    def version(self) -> str:
        """What the pointer says: it changes with every offer, opinion and odd name."""
        said = [self.schema, self.offers, self.opinions, self.odd]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:12]

    def _conditional(self, asked: Asked, content: dict[str, object]) -> Answer:
        body = json.dumps(content).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if self.has_validators and asked.headers.get("If-None-Match") == tag:
            return Answer(status=304, headers={"ETag": tag})
        headers = {"Content-Type": "application/json"} | ({"ETag": tag} if self.has_validators else {})
        return Answer(body, headers=headers)

    def reprice(self, sku: str, price: str) -> None:
        """A price moves."""
        self.offers = [offer | {"price": price} if offer["sku"] == sku else offer for offer in self.offers]


def source(server: Server, **changes: Any) -> Source:
    """The shop as a declared source."""
    declared = {
        "id": "shop",
        "publisher": "shop",
        "covers": "the offers of a shop",
        "cadence": "daily",
        "licence": "CC0",
        "stale_after_days": 3,
        "url": f"{server.url}/offers",
        "hosts": ["127.0.0.1"],
        "seconds_between_requests": 0,
        "tables": ["gpu_offers"],
    }
    return Source.model_validate(declared | changes)


def with_pointer(server: Server, **changes: Any) -> Source:
    """The shop with its pointer."""
    return source(server, parameters={"pointer": f"{server.url}/pointer.json"}, **changes)


def refresher(home: Path, clock: Clock, environment: dict[str, str] | None = None) -> Refresher:
    """A refresher on a warehouse and a landing of the test's own."""
    return Refresher(
        Warehouse(home / "warehouse.duckdb", folders().sql, wait_s=1),
        Landing(home / "landing"),
        environment or {},
        find=find,
        now=clock,
        patience=QUICK,
    )


def rows(refresher: Refresher, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query."""
    with refresher.warehouse.open() as connection:
        return connection.execute(query).fetchall()
