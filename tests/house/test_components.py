"""Components of cost stand in one table: no other module of the product lists them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from brytpunkt.folders import folders
from brytpunkt.planning import components
from brytpunkt.planning.components import BY_KEY

CHECKOUT = folders().checkout
TABLE = CHECKOUT / "brytpunkt" / "planning" / "components.py"
WORDS = {"tax", "support", "insurance", "installation", "spares", "egress", "resale"}
"""Components that are also words of other things: a lone one is no sign of a component, two in one list are."""
CONSTANTS = {
    name: value
    for name, value in vars(components).items()
    if name.isupper() and isinstance(value, str) and value in BY_KEY
}
COMPUTE_THEM = {
    "brytpunkt/planning/energy/site_prices.py": "computes each price of a kWh and names which is which",
    "brytpunkt/planning/energy/tariff.py": "a charge of a tariff is the component that it adds to",
    "brytpunkt/planning/optimal/dispatch.py": "computes the fees of the year and their VAT together",
    "brytpunkt/planning/optimal/mix_costs.py": "a hall and storage are written off over lives of their own",
    "brytpunkt/planning/own/storage.py": "computes rent of storage and egress together",
    "brytpunkt/planning/ledger/native_currency.py": "finds the document of each rule of native currency",
}
"""Modules that may name several components in one expression: each is where those are computed."""


def modules() -> list[Path]:
    """Every module of the product but the table."""
    return [
        path
        for folder in ("brytpunkt", "assets", "pipelines")
        for path in sorted((CHECKOUT / folder).rglob("*.py"))
        if path != TABLE
    ]


def named(node: ast.expr) -> str | None:
    """The component that an expression names: as text, or by a constant of the table."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if node.value in BY_KEY else None
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return CONSTANTS.get(name)


def texts(tree: ast.AST) -> set[str]:
    """Components that a module spells out, as text or as the name of a column."""
    spelt = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    spelt |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg is not None}
    return (spelt & BY_KEY.keys()) - WORDS


def listed(tree: ast.AST) -> list[tuple[int, set[str]]]:
    """Lists of components: tuples, lists, sets, keys or values of mappings, comparisons and arguments that name two or more."""
    found = []
    for node in ast.walk(tree):
        parts: list[ast.expr] = []
        others: list[ast.expr] = []
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            parts = node.elts
        elif isinstance(node, ast.Dict):
            parts, others = [key for key in node.keys if key is not None], node.values
        elif isinstance(node, ast.Call):
            parts = node.args
        elif isinstance(node, ast.BoolOp):
            parts = [
                side for value in node.values if isinstance(value, ast.Compare) for side in value.comparators
            ]
        for alike in (parts, others):
            names = {name for part in alike if (name := named(part)) is not None}
            if len(names) > 1 and isinstance(node, ast.expr):
                found.append((node.lineno, names))
    return found


def test_no_module_spells_components_out() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): spelt
        for path in modules()
        if (spelt := texts(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert not found, "take the names from brytpunkt.planning.components"


def test_no_module_keeps_a_list_of_components() -> None:
    found = {
        str(path.relative_to(CHECKOUT)): lists
        for path in modules()
        if (lists := listed(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found.keys() <= COMPUTE_THEM.keys(), {
        name: found[name] for name in found.keys() - COMPUTE_THEM.keys()
    }
    assert found.keys() == COMPUTE_THEM.keys(), "a module on the list of exceptions needs it no more"


@pytest.mark.parametrize(
    "text",
    [
        'HARDWARE = ("server_capex", "support")',
        'CURRENCIES = {"first": ENERGY_TAX, "second": ENERGY_VAT}',
        "HARDWARE = [SERVER_CAPEX, components.SUPPORT]",
        'SHARES = {"spares": 1.0, "installation": 2.0}',
        'rows.filter(pl.col("component").is_in({TAX, TAX_ON_CONTINUING_VALUE}))',
        'pl.sum_horizontal("energy_tax", "energy_vat")',
        'if line.component == "support" or line.component == "insurance": pass',
    ],
)
def test_the_checks_see_a_list_however_it_is_written(text: str) -> None:
    assert listed(ast.parse(text))


def test_the_checks_see_a_name_as_text_and_as_a_column() -> None:
    assert texts(ast.parse('pl.col("energy_spot"); frame.with_columns(heat_sold=1)')) == {
        "energy_spot",
        "heat_sold",
    }
    assert texts(ast.parse('formats.say("support", "tax")')) == set()
