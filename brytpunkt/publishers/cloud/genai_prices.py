"""The publisher ``genai-prices``: pydantic's collected price list of token APIs, as JSON with a published schema.

US dollars per million tokens. The base tier is kept. A price that begins on a later day is kept as coming; of prices that
hold at certain hours, the one of most hours of a day is the price. What holds on a condition that is not known, or for
exactly half of the day, is remarked; models without a price for text in both directions are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from brytpunkt.publishers._shared.accounting import IGNORED, Fields, meaning, paths, unknown, value
from brytpunkt.publishers._shared.notes import Notes, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.rows import STEP, frame
from brytpunkt.publishers._shared.single_document import following, probe, version
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import day_of, field, json_of, number, shown, wrong

__all__ = ["following", "parse", "probe", "start", "version"]

ROOT = "https://raw.githubusercontent.com/pydantic/genai-prices/main/prices/data.json"
TITLE = "genai-prices (pydantic/genai-prices), prices/data.json"
TABLE = "token_prices"
# A price without a stated start counts from the day of the bundled list: it then has the key of the bundled row, and
# the same key again in the next list.
UNDATED_SINCE = date(2026, 11, 3)
WANTED = {
    "price_native_per_million_input": "input_mtok",
    "price_native_per_million_cached_input": "cache_read_mtok",
    "price_native_per_million_output": "output_mtok",
}
REQUESTS = "requests_kcount"
MINUTES_PER_DAY = 24 * 60
_PRICES: Fields = (
    {
        "input_mtok": value("price_native_per_million_input"),
        "output_mtok": value("price_native_per_million_output"),
        "cache_read_mtok": value("price_native_per_million_cached_input"),
        REQUESTS: meaning("a fee for each request besides: said in the note"),
    }
    | {f"{name}.base": value(column) for column, name in WANTED.items()}
    | {f"{name}.tiers.**": IGNORED for name in WANTED.values()}
    | dict.fromkeys(
        (
            *("cache_write_mtok", "input_audio_mtok", "output_audio_mtok", "cache_audio_read_mtok"),
            *(
                "cache_write_mtok.**",
                "input_audio_mtok.**",
                "output_audio_mtok.**",
                "cache_audio_read_mtok.**",
            ),
            *("tool_use_kcount", "tool_use_kcount.**"),
        ),
        IGNORED,
    )
)
# A single price, or several of which each has a condition.
PRICES: Fields = _PRICES
CONDITIONAL: Fields = {
    "constraint": meaning("none: it holds where no later one does"),
    "constraint.start_date": value("valid_from"),
    "constraint.start_time": meaning("hours of the day, UTC: the price of most hours holds"),
    "constraint.end_time": meaning("hours of the day, UTC: the price of most hours holds"),
} | {f"prices.{path}": said for path, said in _PRICES.items()}
FIELDS: Fields = {
    "id": value("provider"),
    "models[].id": value("model"),
    "models[].prices": value("the prices"),
    "models[].deprecated": meaning("not true"),
} | dict.fromkeys(
    (
        *("name", "api_pattern", "pricing_urls[]", "description", "price_comments", "model_match.**"),
        *("provider_match.**", "extractors.**", "extractors[].**", "fallback_model_providers[]"),
        *("tool_use_kcount.**", "models[].name", "models[].description", "models[].match.**"),
        *("models[].context_window", "models[].price_comments", "models[].prices_checked"),
        *("models[].price_discrepancies.**", "models[].collapse", "models[].removed"),
    ),
    IGNORED,
)


@dataclass(frozen=True)
class Conditional:
    """A price and when it holds: from a day on, or from one minute of the day (UTC) until another."""

    prices: dict[str, Any]
    since: date | None = None
    minutes: tuple[int, int] | None = None

    def holds(self, day: date, minute: int) -> bool:
        """Whether it holds at a minute of a day."""
        if self.since is not None:
            return self.since <= day
        if self.minutes is None:
            return True
        start, end = self.minutes
        return start <= minute < end if start <= end else minute >= start or minute < end


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The whole list."""
    del pointer
    return [Request(name="data.json", url=source.url or ROOT)]


def parse(listing: Listing) -> Iterator[Batch]:
    """Providers with their models -> one row a model and day from which its price holds, coming ones included.

    Raises ``InputError`` for an empty list, or if a field is missing or odd in more than a fifth of the models; the others
    are taken, and the odd ones remarked.
    """
    notes = Notes(Provided("genai_prices", TITLE), listing.accounts)
    taken: list[tuple[Document, str, dict[str, object]]] = []
    for document in listing.documents:
        notes.opened(document)
        providers = json_of(document)
        if not isinstance(providers, list) or not providers:
            raise wrong(document, "", "a list of providers is expected")
        for index, entry in enumerate(providers):
            taken += _provider(entry, document, f"[{index}]", notes)
    rows = _without_contradictions(taken, notes)
    for document, place, _ in rows:
        notes.account(document).take(place)
    notes.check_refused()
    for document in listing.documents:
        found = [row for read, _, row in rows if read == document]
        yield Batch(TABLE, frame(TABLE, found), document, notes.doubts_of(TABLE, document))
    yield from notes.remark_batches()


def _without_contradictions(
    rows: list[tuple[Document, str, dict[str, object]]], notes: Notes
) -> list[tuple[Document, str, dict[str, object]]]:
    """One row a provider, model and day; several with several prices are a remark."""
    found: dict[tuple[object, ...], list[tuple[Document, str, dict[str, object]]]] = {}
    for one in rows:
        found.setdefault(tuple(one[2][name] for name in ("provider", "model", "valid_from")), []).append(one)
    kept = []
    for (provider, model, _), same in found.items():
        if len({tuple(row.values()) for _, _, row in same}) == 1:
            kept.append(same[0])
            for document, place, _ in same[1:]:
                notes.account(document).leave_out(place, "the same price again")
            continue
        for document, place, _ in same:
            notes.remark("price", f"{provider} {model}", "several prices of one model", document, place)
            notes.doubt(document, provider=provider, model=model)
    return kept


def _provider(
    entry: Any, document: Document, place: str, notes: Notes
) -> Iterator[tuple[Document, str, dict[str, object]]]:
    provider = field(entry, "id", str, document, place)
    models = field(entry, "models", list, document, place)
    about = [
        {name: said for name, said in model.items() if name != "prices"}
        for model in models
        if isinstance(model, dict)
    ]
    notes.check_fields(FIELDS, paths(entry | {"models": about}), document)
    for index, model in enumerate(models):
        where = f"{place}.models[{index}]"
        named = str(model.get("id", where)) if isinstance(model, dict) else where
        found: list[dict[str, object]] = []
        with notes.row(document, where, f"{provider} {named}"):
            found = _model(model, provider, document, where, notes)
        if where in notes.account(document).refused:
            notes.doubt(document, provider=provider, model=named)
        for row in found:
            yield document, where, row


def _model(
    model: Any, provider: str, document: Document, place: str, notes: Notes
) -> list[dict[str, object]]:
    """Rows of a model: its price today, and those that are coming."""
    name = field(model, "id", str, document, place)
    prices = field(model, "prices", object, document, place)
    deprecated = model.get("deprecated")
    if deprecated not in {None, True, False}:
        raise wrong(document, place, f"deprecated: {shown(deprecated)} is neither true nor false")
    if deprecated is True:
        notes.account(document).leave_out(place, "deprecated")
        return []
    listed = _listed(prices, document, f"{place}.prices")
    today = document.fetched_at.date()
    days = [today, *sorted({one.since for one in listed if one.since is not None and one.since > today})]
    rows: list[dict[str, object]] = []
    for day in days:
        held, minutes = _of_most_hours(listed, day)
        if minutes * 2 <= MINUTES_PER_DAY:
            reason = "no price holds for most hours of the day"
            notes.remark("price", f"{provider} {name}", reason, document, place)
            notes.doubt(document, provider=provider, model=name)
            return []
        row = _row(held.prices, document, f"{place}.prices")
        if row is None:
            if day == today:
                notes.account(document).leave_out(place, "no price for text in both directions")
                notes.doubt(document, provider=provider, model=name)
            continue
        since = held.since if held.since is not None else (None if day == today else day)
        rows.append(
            {
                "provider": provider,
                "model": name,
                "native_currency": "USD",
                "valid_from": since or UNDATED_SINCE,
            }
            | row
            | notes.provenance(document, "stated", _note(held, since, minutes))
        )
    return rows


def _note(held: Conditional, since: date | None, minutes: int) -> str | None:
    parts = [
        None if since else "since when is not stated",
        None
        if minutes == MINUTES_PER_DAY
        else f"holds {minutes / 60:g} of 24 hours; another price holds in the others",
        "and a fee for each request" if held.prices.get(REQUESTS) else None,
    ]
    return "; ".join(part for part in parts if part) or None


def _listed(prices: Any, document: Document, place: str) -> list[Conditional]:
    """One price, or several with their conditions in the order of the list."""
    if isinstance(prices, dict):
        _known(PRICES, prices, document, place)
        return [Conditional(prices)]
    if not isinstance(prices, list) or not prices:
        raise wrong(document, place, "neither prices nor a list of them")
    return [_conditional(entry, document, f"{place}[{index}]") for index, entry in enumerate(prices)]


def _conditional(entry: Any, document: Document, place: str) -> Conditional:
    prices = field(entry, "prices", dict, document, place)
    _known(CONDITIONAL, entry, document, place)
    constraint = entry.get("constraint")
    if constraint is None:
        return Conditional(prices)
    names = set(constraint) if isinstance(constraint, dict) else set()
    if names == {"start_date"}:
        return Conditional(prices, since=day_of(constraint["start_date"], document, place))
    if names == {"start_time", "end_time"}:
        begins, ends = (
            _minute(constraint[name], document, f"{place}.constraint.{name}")
            for name in ("start_time", "end_time")
        )
        return Conditional(prices, minutes=(begins, ends))
    raise wrong(document, f"{place}.constraint", f"the condition {shown(constraint)} is not known")


def _known(fields: Fields, found: Any, document: Document, place: str) -> None:
    """A price with a part or a condition that is not known is not understood, and so not taken."""
    new = unknown(fields, paths(found))
    if new:
        message = f"the field {', '.join(new)} of a price is not known"
        raise wrong(document, place, message, f"known are: {', '.join(fields)}")


def _minute(said: object, document: Document, place: str) -> int:
    try:
        moment = time.fromisoformat(str(said))
    except ValueError as error:
        raise wrong(document, place, f"{shown(said)} is not a time of day (HH:MM:SSZ)") from error
    offset = moment.utcoffset()
    if offset is None:
        raise wrong(document, place, f"{shown(said)} has no time zone")
    return (moment.hour * 60 + moment.minute - int(offset.total_seconds() // 60)) % MINUTES_PER_DAY


def _of_most_hours(listed: list[Conditional], day: date) -> tuple[Conditional, int]:
    """The price that holds for most minutes of a day, and for how many; a later entry goes before an earlier one."""
    minutes = [0] * len(listed)
    for minute in range(MINUTES_PER_DAY):
        holding = [position for position, one in enumerate(listed) if one.holds(day, minute)]
        # Where no condition is met, the first entry is tried.
        minutes[holding[-1] if holding else 0] += 1
    most = max(range(len(listed)), key=lambda position: minutes[position])
    return listed[most], minutes[most]


def _row(prices: dict[str, Any], document: Document, place: str) -> dict[str, object] | None:
    found = {
        column: _base(prices, name, document, place) if prices.get(name) is not None else None
        for column, name in WANTED.items()
    }
    both = (found["price_native_per_million_input"], found["price_native_per_million_output"])
    return None if not all(both) else {name: price and price.quantize(STEP) for name, price in found.items()}


def _base(prices: dict[str, Any], name: str, document: Document, place: str) -> Decimal:
    said = prices[name]
    return (
        number(said, "base", document, f"{place}.{name}")
        if isinstance(said, dict)
        else number(prices, name, document, place)
    )
