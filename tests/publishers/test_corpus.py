"""Every field of every fixture of prices and hardware: meaning is never changed in silence, values are taken as written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brytpunkt.publishers._shared.accounting import Role
from tests.publishers.corpus import (
    DOUBTFUL,
    LEFT_OUT,
    NOTHING,
    REFUSED,
    REMARKED,
    SILENT,
    TAKEN,
    Mutation,
    mutations,
)
from tests.publishers.corpus_cases import CASES

# Publisher, path and operators of what rightly changes nothing, or loses a row without a word; and why.
RIGHTLY: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {
    ("aws", "GPU"): (("null",), "the map alone knows the GPUs"),
    ("aws", "product.attributes.gpu"): (("absent", "null", "renamed"), "the map alone knows the GPUs"),
    ("aws", "Pre Installed S/W"): (("null",), "empty and NA both mean none"),
    ("aws", "StartingRange"): (("null",), "empty is unbounded"),
    ("aws", "EndingRange"): (("null",), "empty is unbounded"),
    ("aws", "SKU"): (("other",), "joins lines, and is in no row"),
    ("aws", "OfferTermCode"): (("other",), "joins lines, and is in no row"),
    ("aws", "term.offerTermCode"): (("other",), "joins lines, and is in no row"),
    ("azure", "effectiveEndDate"): (("absent", "null"), "an end that is not stated is open"),
    ("gcp", "pricingInfo[].effectiveTime"): (("ended",), "a machine is as new as its newest part"),
    ("gcp", "pricingInfo[].pricingExpression.tieredRates[].startUsageAmount"): (
        ("other",),
        "the only tier is the last one, wherever it starts",
    ),
    ("genai_prices", "models[].deprecated"): (("absent", "null"), "not stated is not deprecated"),
    ("genai_prices", "requests_kcount"): (("absent", "null", "other"), "is said in the note"),
    ("genai_prices", "prices.input_mtok"): (("absent", "null", "other", "doubled"), "of the other hours"),
    ("genai_prices", "prices.output_mtok"): (("absent", "null", "other", "doubled"), "of the other hours"),
    ("gpuhunt", "gpu_memory"): (("null",), "the map of instances knows it"),
    ("oci", "serviceCategory"): (
        ("absent", "null", "other"),
        "is asked only where the metric is not that of GPUs",
    ),
    ("vast", "rentable"): (("absent", "null", "renamed"), "the query asks for it"),
    ("vast", "rented"): (("absent", "null", "renamed"), "the query asks for it"),
    ("epoch", "Source for the price"): (("null", "other"), "is said in the note"),
}
SPOKEN = {LEFT_OUT, DOUBTFUL, REMARKED, REFUSED}


def is_right(one: Mutation) -> bool:
    """Whether what came of a mutation is what its role asks for."""
    operators, _ = RIGHTLY.get((one.case.publisher, one.path), ((), ""))
    if one.operator in operators:
        return one.outcome in SPOKEN | {NOTHING, TAKEN, SILENT}
    if one.role is Role.MEANING:
        return one.outcome in SPOKEN
    if one.role is Role.VALUE:
        return one.outcome in SPOKEN | {TAKEN}
    # A second row of one key is told, whatever its ignored fields say; a new name of a field is told, too.
    return one.after.rows == one.before.rows or (one.operator == "doubled" and one.outcome in SPOKEN)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label or case.publisher)
def test_every_field_under_every_operator(case: object) -> None:
    found = list(mutations(case))  # type: ignore[arg-type]
    assert len(found) > 5
    wrong = [f"{one.path}, {one.operator}: {one.outcome}" for one in found if not is_right(one)]
    assert not wrong, "\n".join(wrong)
    shown = [one.after.refused for one in found if one.after.refused]
    shown += [str(remark) for one in found for remark in one.after.remarks]
    of_python = ("Traceback", "KeyError", "TypeError", "NoneType", "object has no attribute", "Expecting ")
    assert not [text for text in shown for said in of_python if said in text]


def test_an_announced_value_is_kept_with_its_day() -> None:
    days = {"aws CSV": "EffectiveDate", "gcp": "pricingInfo[].effectiveTime"}
    kept = {}
    for case in CASES:
        day = days.get(case.label or case.publisher)
        for one in mutations(replace(case, only=(day,))) if day else ():
            if one.operator == "future":
                kept[case.publisher, one.path] = {row[0] for row in one.after.rows}
    assert "announced_prices" in kept["aws", "EffectiveDate"]
    assert "announced_prices" in kept["gcp", "pricingInfo[].effectiveTime"]
