"""Every kind of bad input: where it is, what is wrong, and what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.declarations.conftest import Refuse

# what is replaced in the small plan, by what, where the error is, and what message and suggestion say
CASES = {
    "misspelt key": (
        "horizon_months: 84",
        "horizon_month: 84",
        "p.yaml:2: finance.horizon_month",
        "unknown key `horizon_month`",
        "did you mean horizon_months?",
    ),
    "key of another section": (
        "    zone: SE1",
        "    zone: SE1\n    price_per_kwh: {eur: 0.1}",
        "p.yaml:11: sites[0].price_per_kwh",
        "unknown key",
        "did you mean energy.price_per_kwh?",
    ),
    "missing key": (
        "    country: SE\n",
        "",
        "p.yaml:8: sites[0].country",
        "`country` is missing",
        "two-letter ISO",
    ),
    "per MWh written as per kWh": (
        "    zone: SE1",
        "    energy: {price_per_kwh: {eur: 45}}",
        "p.yaml:10: sites[0].energy.price_per_kwh",
        "45 EUR per kWh is implausibly much",
        "looks like a price per MWh; divide by 1000",
    ),
    "per kWh written as per MWh": (
        "    zone: SE1",
        "    zone: SE1\n    energy: {hedged_share: 0.5, ppa_per_mwh: {eur: 0.045}}",
        "p.yaml:11: sites[0].energy.ppa_per_mwh",
        "implausibly little",
        "looks like a price per kWh",
    ),
    "share in per cent": (
        "build:\n",
        "build:\n  support_share_per_year: 12\n",
        "p.yaml:14: build.support_share_per_year",
        "12 is out of range; expected at most 1",
        "12 looks like per cent; write 0.12",
    ),
    "share with a per cent sign": (
        "build:\n",
        "build:\n  support_share_per_year: 12%\n",
        "p.yaml:14: build.support_share_per_year",
        "expected a number",
        "write 0.12",
    ),
    "growth in per cent": (
        "4e9}",
        "4e9, growth: {per_year: 35}}",
        "p.yaml:6: workloads[0].demand.growth.per_year",
        "out of range",
        "35 looks like per cent; write 0.35",
    ),
    "watts for kilowatts": (
        "    - catalog: dgx_b200",
        "    - {id: a, gpu_model: H100, gpu_count: 8, gpu_memory_gb: 80, price: {eur: 1e5},\n"
        "       nameplate_kw: 10200}",
        "p.yaml:16: build.servers[0].nameplate_kw",
        "out of range",
        "looks like watts; write 10.2",
    ),
    "money without a currency": (
        "{eur: 150}",
        "150",
        "p.yaml:12: sites[0].colocation.price_per_kw_month",
        "150 has no currency",
        "write {eur: 150}",
    ),
    "unknown currency": (
        "{eur: 150}",
        "{chf: 150}",
        "p.yaml:12: sites[0].colocation.price_per_kw_month",
        "'chf' is not a known",
        "use one of eur",
    ),
    "two currencies": (
        "{eur: 150}",
        "{eur: 150, sek: 1}",
        "p.yaml:12: sites[0].colocation.price_per_kw_month",
        "exactly one currency",
        "{eur: 150}",
    ),
    "negative price": (
        "{eur: 150}",
        "{eur: -150}",
        "p.yaml:12: sites[0].colocation.price_per_kw_month",
        "-150 is negative",
        "positive amounts",
    ),
    "infinite price": (
        "{eur: 150}",
        "{eur: .inf}",
        "p.yaml:12: sites[0].colocation.price_per_kw_month",
        "finite number",
        None,
    ),
    "offer price zero": (
        "build:\n",
        "rent:\n  offers:\n"
        "    - {id: o, provider: x, gpu_model: H1, gpu_count: 8, term: on_demand,\n       price: {usd: 0}}\n"
        "build:\n",
        "p.yaml:16: rent.offers[0].price",
        "0 is not a price per instance and hour",
        "leave out what has none",
    ),
    "unknown zone": (
        "SE1",
        "SE5",
        "p.yaml:10: sites[0].zone",
        "'SE5' is not a known bidding zone",
        "zones of SE: SE1, SE2, SE3, SE4",
    ),
    "zone of another country": (
        "SE1",
        "NO1",
        "p.yaml:10: sites[0].zone",
        "the bidding zone NO1 is not in SE",
        "zones of SE: SE1",
    ),
    "no zone and no price": (
        "    zone: SE1\n",
        "",
        "p.yaml:8: sites[0].energy",
        "neither a bidding zone nor a price",
        "add zone (SE1, SE2, SE3, SE4) or energy.price_per_kwh",
    ),
    "country by name": (
        "country: SE",
        "country: Sweden",
        "p.yaml:9: sites[0].country",
        "not a country code",
        "write SE",
    ),
    "no climate": ("    climate: lulea\n", "", "p.yaml:8: sites[0].climate", "no climate", "pin pue"),
    "no room": (
        "    colocation: {price_per_kw_month: {eur: 150}}\n",
        "",
        "p.yaml:8: sites[0].own_hall",
        "no room for servers",
        "declare colocation, own_hall or both",
    ),
    "colocation without a price": (
        "{price_per_kw_month: {eur: 150}}",
        "{}",
        "p.yaml:12: sites[0].colocation.accept_unsourced",
        "no published Nordic price is known",
        "accept_unsourced: true",
    ),
    "rack price without rack power": (
        "{price_per_kw_month: {eur: 150}}",
        "{price_per_rack_month: {eur: 1500}}",
        "p.yaml:12: sites[0].colocation.rack_power_kw",
        "needs the power of a rack",
        "add rack_power_kw",
    ),
    "unknown time zone": (
        "    zone: SE1",
        "    zone: SE1\n    timezone: Europe/Lulea",
        "p.yaml:11: sites[0].timezone",
        "'Europe/Lulea' is not a known time zone",
        "Europe/Stockholm",
    ),
    "hedge without a price": (
        "    zone: SE1",
        "    zone: SE1\n    energy: {hedged_share: 0.5}",
        "p.yaml:11: sites[0].energy.hedged_share",
        "needs the price of the hedge",
        "add ppa_per_mwh",
    ),
    "flat price and a grid fee": (
        "    zone: SE1",
        "    energy: {price_per_kwh: {eur: 0.1}, grid_fee: se-x}",
        "p.yaml:10: sites[0].energy.grid_fee",
        "all-in",
        "leave one of the two out",
    ),
    "end before start": (
        "horizon_months: 84",
        "end: 2026-01-01",
        "p.yaml:2: finance.end",
        "the plan ends (2026-01-01) before it starts (2027-01-01)",
        "give an end after 2027-01-01",
    ),
    "end and horizon": (
        "horizon_months: 84",
        "horizon_months: 84, end: 2030-01-01",
        "p.yaml:2: finance.end",
        "both",
        "keep one",
    ),
    "no length": (", horizon_months: 84", "", "p.yaml:2: finance.end", "no length", "finance.horizon_months"),
    "start inside a month": (
        "2027-01-01",
        "2027-01-15",
        "p.yaml:2: finance.start",
        "not the first day of a month",
        "write 2027-01-01",
    ),
    "date that does not exist": (
        "2027-01-01",
        "2027-02-30",
        "p.yaml:2: finance.start",
        "expected a date, got '2027-02-30'",
        "2027-01-01",
    ),
    "tokens and GPU-hours": (
        "4e9}",
        "4e9, gpu_hours_per_day: 5}",
        "p.yaml:6: workloads[0].demand.gpu_hours_per_day",
        "in tokens and in GPU-hours",
        "keep one",
    ),
    "no volume": (
        "{output_tokens_per_day: 1e9, input_tokens_per_day: 4e9}",
        "{}",
        "p.yaml:6: workloads[0].demand.gpu_hours_per_day",
        "no volume",
        "or gpu_hours_per_day",
    ),
    "no model": (
        "    model: llama2-70b\n",
        "",
        "p.yaml:4: workloads[0].model",
        "`model` is missing",
        "llama2-70b",
    ),
    "phases out of order": (
        "4e9}",
        "4e9, phases: [{name: a, from_month: 0, level: 0.1}, {name: b, from_month: 9, level: 1},"
        " {name: c, from_month: 6, level: 1}]}",
        "p.yaml:6: workloads[0].demand.phases",
        "expected ascending months",
        "order them by from_month",
    ),
    "week of 24 hours": (
        "    model: llama2-70b",
        "    model: llama2-70b\n    weekly_shape: [1, 2, 3]",
        "p.yaml:6: workloads[0].weekly_shape",
        "168 hours, got 3",
        "office_hours",
    ),
    "misspelt choice": (
        "build:\n",
        "rent: {terms: [on_demnd]}\nbuild:\n",
        "p.yaml:13: rent.terms[0]",
        "'on_demnd' is not a choice",
        "did you mean on_demand?",
    ),
    "id with capitals": (
        "plan: small",
        "plan: My Plan",
        "p.yaml:1: plan",
        "not a valid id",
        "for example my-plan",
    ),
    "id used twice": (
        "    - catalog: dgx_b200",
        "    - catalog: dgx_b200\n    - catalog: dgx_b200",
        "p.yaml:16: build.servers[1]",
        "'dgx_b200' is used twice",
        "own id",
    ),
    "site called portfolio": (
        "id: lulea",
        "id: portfolio",
        "p.yaml:8: sites[0].id",
        "portfolio",
        "rename it",
    ),
    "life of zero": (
        "build:\n",
        "build:\n  life_years: 0\n",
        "p.yaml:14: build.life_years",
        "at least 1 [years]",
        None,
    ),
    "digit groups": (
        "1e9",
        "1_000_000",
        "p.yaml:6: workloads[0].demand.output_tokens_per_day",
        "got '1_000_000'",
        "write 1000000",
    ),
    "list for a section": (
        "{eur: 150}}",
        "{eur: 150}}\n    staff: []",
        "p.yaml:13: sites[0].staff",
        "section of keys",
        ":",
    ),
    "empty list": ("\n    - catalog: dgx_b200", " []", "p.yaml:14: build.servers", "empty", "at least one"),
    "duplicate key": (
        "    zone: SE1",
        "    zone: SE1\n    zone: SE3",
        "p.yaml:11: sites[0]",
        "the key `zone` stands twice (first in line 10)",
        "keep one",
    ),
    "anchor": (
        "SE1",
        "&z SE1",
        "p.yaml:10: sites[0].zone",
        "anchors (&z) are not allowed",
        "write the value out",
    ),
    "tag": ("SE1", "!!python/name:os.system x", "p.yaml:10: sites[0].zone", "tags", "write the plain value"),
    "tab": ("    zone: SE1", "\tzone: SE1", "p.yaml:10", "not valid YAML", ""),
    "open bracket": ("{eur: 150}}", "{eur: 150", "p.yaml:13", "not valid YAML", "brackets"),
    "two documents": (
        "build:\n",
        "---\nbuild:\n",
        "p.yaml:13",
        "more than one document",
        "one plan per file",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_one_mistake_gives_one_clear_problem(case: Any, small: str, refuse: Refuse) -> None:
    before, after, where, message, suggestion = case
    assert small.count(before) == 1
    (problem,) = refuse(small.replace(before, after))
    assert problem.where == where
    assert message in problem.message
    assert suggestion is None or suggestion in (problem.suggestion or "")


def test_merge_keys_are_refused(small: str, refuse: Refuse) -> None:
    text = small.replace("    zone: SE1\n", "    <<: {zone: SE1}\n")
    (problem,) = refuse(text)
    assert (problem.where, problem.message) == ("p.yaml:10: sites[0]", "merge keys (<<) are not allowed")


def test_all_errors_come_at_once_in_the_order_of_the_file(small: str, refuse: Refuse) -> None:
    text = (
        small.replace("horizon_months: 84", "end: 2026-01-01")
        .replace("llama2-70b", "llama2-70b\n    residency: nordics")
        .replace("SE1", "SE5")
        .replace("{eur: 150}", "{eur: -1}")
        .replace("catalog:", "catalogue:")
    )
    assert [problem.where for problem in refuse(text)] == [
        "p.yaml:2: finance.end",
        "p.yaml:6: workloads[0].residency",
        "p.yaml:11: sites[0].zone",
        "p.yaml:13: sites[0].colocation.price_per_kw_month",
        "p.yaml:16: build.servers[0].catalogue",
    ]


def test_a_misspelt_section_is_read_as_what_was_meant(small: str, refuse: Refuse) -> None:
    text = small.replace("workloads:", "worklods:").replace(
        "llama2-70b", "llama2-70b\n    residency: nordics"
    )
    assert [problem.where for problem in refuse(text)] == [
        "p.yaml:3: worklods",
        "p.yaml:6: workloads[0].residency",
    ]


def test_many_errors_are_cut_off_with_their_number(refuse: Refuse) -> None:
    problems = refuse("".join(f"key{n}: 1\n" for n in range(100)))
    assert len(problems) == 51
    assert problems[-1].message == "55 more problems are not shown"


def test_a_published_case_must_name_what_the_plan_declares(small: str, refuse: Refuse) -> None:
    text = small + (
        "published:\n"
        "  {title: t, publisher: p, url: 'https://example.org/x', published_on: 2026-01-01,\n"
        "   conventions: {life_hours: 43800}, cases: [\n"
        "   {id: a, measure: own_total, server: dgx_b100, published: 1, tolerance: 0, reproduces: true},\n"
        "   {id: b, measure: rent_total, server: dgx_b200, published: 1, tolerance: 0, reproduces: true}]}\n"
    )
    (problem,) = refuse(text)
    assert problem.where == "p.yaml:20: published.cases[1].measure"
    assert "needs `offer`" in problem.message
    (problem,) = refuse(text.replace("rent_total", "own_total"))
    assert problem.where == "p.yaml:19: published.cases[0].server"
    assert problem.suggestion == "servers of the plan: dgx_b200"
