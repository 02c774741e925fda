"""Delivery: who gets the report, when, and whether only after a change that matters.

Belongs here: addresses, schedule and thresholds as declared.
Does not belong here: how mail is sent (the environment says so, never a plan), or what a change is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)

from brytpunkt.declarations.values.fields import Finding, Id, Items, Section, described, refuse, wrong

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PORTFOLIO = "portfolio"
MAX_ADDRESS = 254
MAX_LOCAL = 64

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


def _domain(text: str) -> str:
    if _DOMAIN.fullmatch(text) is None:
        raise wrong(
            f"{text[:80]!r} is not a domain",
            "write it in lower case, as example.org; a domain with other letters in its xn-- form",
        )
    return text


def _address(text: str) -> str:
    if not text.isprintable() or any(letter.isspace() for letter in text):
        raise wrong(
            f"the address {text[:80]!r} holds a line break, a space or a control character",
            "write one plain address, as cfo@example.org",
        )
    local, at, domain = text.rpartition("@")
    is_plain = at and len(text) <= MAX_ADDRESS and len(local) <= MAX_LOCAL and _LOCAL.fullmatch(local)
    if not is_plain or _DOMAIN.fullmatch(domain.lower()) is None:
        raise wrong(f"{text[:80]!r} is not a mail address", "write one plain address, as cfo@example.org")
    return f"{local}@{domain.lower()}"


Domain = Annotated[str, AfterValidator(_domain)]
Address = Annotated[str, AfterValidator(_address)]


class Recipient(Section):
    """One person or list, who gets one message of their own."""

    address: Annotated[Address, described("Mail address; its domain is one of allowed_domains.")]
    language: Annotated[
        Literal["en", "sv"] | None,
        described("Language of message and report; default: the language of the report."),
    ] = None
    portfolio: Annotated[
        bool | None,
        described("The report on all sites together; default: yes, unless sites are named."),
    ] = None
    sites: Annotated[Items[Id], described("Sites whose reports are attached.", max_length=40)] = ()
    workbook: Annotated[bool, described("Whether the workbook is attached, too.")] = False

    @property
    def reports(self) -> tuple[str, ...]:
        """Names of the reports that this recipient gets: `portfolio` first, then sites as declared."""
        has_portfolio = not self.sites if self.portfolio is None else self.portfolio
        return (*((PORTFOLIO,) if has_portfolio else ()), *dict.fromkeys(self.sites))


class Schedule(Section):
    """When a report is due, in the time of Stockholm."""

    every: Annotated[Literal["week", "month"], described("How often a report is due.")]
    weekday: Annotated[
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None,
        described("Day of a weekly report; default: monday."),
    ] = None
    day: Annotated[
        int | None, described("Day of a monthly report, so that every month has it; default: 1.", ge=1, le=28)
    ] = None
    hour: Annotated[
        int, described("Hour of the day in Europe/Stockholm from which it is due.", ge=0, le=23)
    ] = 7

    @field_validator("weekday", mode="after")
    @classmethod
    def _weekly_only(cls, weekday: str | None, info: ValidationInfo) -> str | None:
        if weekday is not None and info.data.get("every") == "month":
            raise wrong("a monthly report has no weekday", "give `day` (1 to 28) instead")
        return weekday

    @field_validator("day", mode="after")
    @classmethod
    def _monthly_only(cls, day: int | None, info: ValidationInfo) -> int | None:
        if day is not None and info.data.get("every") == "week":
            raise wrong("a weekly report has no day of the month", "give `weekday` instead")
        return day


class OnChange(Section):
    """What counts as a material change since the report that was sent last; any one of them suffices."""

    verdict: Annotated[bool, described("A site's verdict is another one.")] = True
    tipping_months: Annotated[
        int | None,
        described(
            "The month to order moves by at least so many months, or appears, or is gone.", ge=1, le=240
        ),
    ] = 3
    money_share: Annotated[
        float | None,
        described("The cost of renting or of the best plan moves by at least this share.", gt=0, le=10),
    ] = 0.05

    @field_validator("money_share", mode="after")
    @classmethod
    def _something_counts(cls, share: float | None, info: ValidationInfo) -> float | None:
        if share is None and info.data.get("tipping_months") is None and info.data.get("verdict") is False:
            raise wrong("no change counts as material", "leave only_on_change out, or keep one threshold")
        return share


class Delivery(Section):
    """Who gets the report, when, and whether only after a change that matters."""

    allowed_domains: Annotated[
        Items[Domain],
        described(
            "Domains that mail may go to; a subdomain is a domain of its own.", min_length=1, max_length=40
        ),
    ]
    recipients: Annotated[Items[Recipient], described("Who gets the report.", min_length=1, max_length=200)]
    schedule: Annotated[
        Schedule | None, described("When it is due; default: only when `brytpunkt send` is run.")
    ] = None
    only_on_change: Annotated[
        OnChange | None, described("Send only after a material change; default: always.")
    ] = None

    @field_validator("recipients", mode="wrap")
    @classmethod
    def _allowed_and_once(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        findings = _misaddressed(value, info.data.get("allowed_domains"))
        try:
            recipients: tuple[Recipient, ...] = handler(value)
        except ValidationError as error:
            refuse(findings, error)
            raise
        nothing = [
            Finding((position,), "this recipient gets no report", "name sites, or leave portfolio out")
            for position, recipient in enumerate(recipients)
            if not recipient.reports
        ]
        refuse(findings + nothing)
        return recipients


def _misaddressed(value: Any, allowed: tuple[str, ...] | None) -> list[Finding]:
    """Addresses outside the allowed domains, and those named twice; what is no address is reported elsewhere."""
    findings, seen = [], set[str]()
    for position, item in enumerate(value if isinstance(value, (list, tuple)) else ()):
        address = item.get("address") if isinstance(item, Mapping) else getattr(item, "address", None)
        if not isinstance(address, str) or not address.isprintable():
            continue
        known, domain = address.lower(), address.lower().rpartition("@")[2]
        if allowed is not None and _DOMAIN.fullmatch(domain) and domain not in allowed:
            findings.append(
                Finding(
                    (position, "address"),
                    f"the domain {domain} of this address is not in allowed_domains",
                    f"allowed: {', '.join(allowed)}; add the domain there if it is meant",
                )
            )
        if known in seen:
            findings.append(
                Finding(
                    (position, "address"),
                    f"{address[:MAX_ADDRESS]} is named twice; each gets one message",
                    "name all of its reports in one entry: portfolio and sites",
                )
            )
        seen.add(known)
    return findings


def unknown_sites(delivery: Delivery, sites: tuple[str, ...]) -> list[Finding]:
    """Recipients' sites that the plan does not have."""
    return [
        Finding(
            ("recipients", position, "sites", index),
            f"there is no site '{site}' in this plan",
            f"sites of the plan: {', '.join(sites)}",
        )
        for position, recipient in enumerate(delivery.recipients)
        for index, site in enumerate(recipient.sites)
        if site not in sites
    ]
