"""Recipients and schedules as declared: what is read, and what is refused and why."""

from __future__ import annotations

import pytest

from tests.declarations.conftest import Read, Refuse

ONE = "delivery:\n  allowed_domains: [example.org]\n  recipients:\n    - {address: cfo@example.org}\n"


def test_one_address_is_enough(small: str, read: Read) -> None:
    delivery = read(small + ONE).plan.delivery
    assert delivery is not None
    [recipient] = delivery.recipients
    assert recipient.reports == ("portfolio",)
    assert delivery.schedule is None
    assert delivery.only_on_change is None


def test_no_recipients_no_delivery(small: str, read: Read) -> None:
    assert read(small).plan.delivery is None


@pytest.mark.parametrize(
    ("item", "reports"),
    [
        ("{address: a@example.org, sites: [lulea]}", ("lulea",)),
        ("{address: a@example.org, portfolio: true, sites: [lulea, lulea]}", ("portfolio", "lulea")),
        ("{address: A.b+c@Example.ORG, language: sv, workbook: true}", ("portfolio",)),
    ],
)
def test_what_a_recipient_gets(small: str, read: Read, item: str, reports: tuple[str, ...]) -> None:
    delivery = read(small + ONE.replace("{address: cfo@example.org}", item)).plan.delivery
    assert delivery is not None
    assert delivery.recipients[0].reports == reports
    assert delivery.recipients[0].address.endswith("@example.org")


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ("cfo@example.org}", '"cfo@example.org\\nBcc: x@example.org"}', "recipients[0].address", "line break"),
        ("cfo@example.org}", '"cfo@example.org\\r\\n"}', "recipients[0].address", "line break"),
        ("cfo@example.org}", '"cfo@exam\\u0007ple.org"}', "recipients[0].address", "control character"),
        ("cfo@example.org}", '"cfo@exam\\u202eple.org"}', "recipients[0].address", "control character"),
        ("cfo@example.org}", '"cfo @example.org"}', "recipients[0].address", "a space"),
        ("cfo@example.org}", "cfo@example.com}", "recipients[0].address", "not in allowed_domains"),
        ("cfo@example.org}", "cfo@sub.example.org}", "recipients[0].address", "not in allowed_domains"),
        ("cfo@example.org}", "cfo@evil.net@example.org}", "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", "cfo}", "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", '"<cfo@example.org>"}', "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", '"cfo@example.org,x@example.org"}', "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", '".cfo@example.org"}', "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", "chefen@exämple.org}", "recipients[0].address", "not a mail address"),
        ("cfo@example.org}", "cfo@example.org, sites: [umea]}", "recipients[0].sites[0]", "no site 'umea'"),
        ("cfo@example.org}", "cfo@example.org, portfolio: false}", "recipients[0]", "gets no report"),
        ("cfo@example.org}", "cfo@example.org}\n    - {address: CFO@example.org}", "recipients[1].address", "twice"),
        ("cfo@example.org}", "cfo@example.org, language: no}", "recipients[0].language", ""),
        ("[example.org]", '["*.org"]', "allowed_domains[0]", "not a domain"),
        ("[example.org]", "[]", "allowed_domains", "empty"),
        ("  recipients", "  schedule: {every: month, weekday: monday}\n  recipients", "schedule.weekday", "no weekday"),
        ("  recipients", "  schedule: {every: week, day: 3}\n  recipients", "schedule.day", "no day of the month"),
        ("  recipients", "  schedule: {every: month, day: 31}\n  recipients", "schedule.day", "out of range"),
        ("  recipients", "  schedule: {every: hour}\n  recipients", "schedule.every", ""),
        ("  recipients", "  only_on_change: {money_share: 0}\n  recipients", "only_on_change.money_share", "out of range"),
        (
            "  recipients", "  only_on_change: {verdict: false, tipping_months: null, money_share: null}\n  recipients",
            "only_on_change.money_share", "no change counts",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(small: str, refuse: Refuse, old: str, new: str, where: str, message: str) -> None:
    text = small + ONE.replace(old, new, 1)
    assert text != small + ONE
    [problem, *_] = refuse(text)
    assert f"delivery.{where}" in problem.where
    assert message in problem.message
    assert problem.message.isprintable()
