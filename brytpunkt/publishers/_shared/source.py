"""Declared sources: who publishes what, where, how often, and within which limits.

Belongs here: what a file under ``data/sources/`` may say. Not here: fetching (landing does that).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

SOURCE_ID = r"^[a-z0-9][a-z0-9-]{0,39}$"
HOST = r"^[a-z0-9.-]+$"
ENVIRONMENT_NAME = r"^[A-Z][A-Z0-9_]{2,63}$"
ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET = "access_token", "client_id", "client_secret"


class Source(BaseModel):
    """One declared source: a publisher's module, what it covers, and the limits of fetching it.

    ``status`` is ``unconfirmed`` where no real document of the format was seen: such a source is disabled until
    it is asked for by name. ``format_seen`` says where the format was seen.

    ``token_url``: where the credentials ``client_id`` and ``client_secret`` are exchanged for the ``access_token`` that
    requests carry, anew for each walk.
    ``is_window``: a walk brings a part of the publication (the newest days), so rows that it lacks are not withdrawn.
    ``precedence`` decides between sources that price the same key and were confirmed within a week of each other.
    ``withdraw_after_days``: a row may be missing that long before it counts as withdrawn; lists flap.
    ``spot_tolerance_share``: a spot price within it of the recorded one is noise, and no new version.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=SOURCE_ID)]
    publisher: Annotated[str, Field(description="module in brytpunkt/publishers")]
    covers: str
    cadence: str
    licence: str
    stale_after_days: Annotated[int, Field(gt=0)]
    status: Literal["confirmed", "unconfirmed"] = "confirmed"
    format_seen: str = ""
    url: str = ""
    hosts: tuple[Annotated[str, Field(pattern=HOST)], ...] = ()
    credentials: dict[str, Annotated[str, Field(pattern=ENVIRONMENT_NAME)]] = {}
    token_url: str = ""
    parameters: dict[str, Any] = {}
    max_megabytes: Annotated[float, Field(gt=0)] = 50.0
    max_seconds: Annotated[float, Field(gt=0)] = 900.0
    seconds_between_requests: Annotated[float, Field(ge=0)] = 0.5
    check_every_hours: Annotated[float, Field(gt=0)] = 24.0
    tables: tuple[str, ...] = ()
    precedence: int = 0
    is_window: bool = False
    withdraw_after_days: Annotated[int, Field(ge=0)] = 2
    spot_tolerance_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    released_on: date | None = None
    documents: tuple[str, ...] = ()

    @model_validator(mode="after")
    def tokens_need_a_client(self) -> Self:
        """Whoever asks for tokens says who it is."""
        if self.token_url and not {CLIENT_ID, CLIENT_SECRET} <= set(self.credentials):
            raise ValueError(f"token_url needs the credentials {CLIENT_ID} and {CLIENT_SECRET}")
        return self


def with_window(source: Source, today: date) -> Source:
    """A declaration that asks for days by their distance from today -> one that names them.

    ``parameters.days_back`` and ``days_ahead`` become ``first`` and ``last``; days that are named stay.
    """
    asked = source.parameters
    if "days_back" not in asked:
        return source
    first, last = (
        today - timedelta(days=asked["days_back"]),
        today + timedelta(days=asked.get("days_ahead", 0)),
    )
    named = {"first": first.isoformat(), "last": last.isoformat()} | asked
    return source.model_copy(update={"parameters": named})


def read_source(path: Path) -> Source:
    """The declaration of a source."""
    return Source.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
