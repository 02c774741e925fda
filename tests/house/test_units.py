"""Units and day types stand once: no module of planning says again how many of one are in another."""

from __future__ import annotations

import ast

from brytpunkt.folders import folders
from brytpunkt.planning.inputs import units

CHECKOUT = folders().checkout
HOME = CHECKOUT / "brytpunkt" / "planning" / "inputs" / "units.py"
NAMES = {name for name in vars(units) if name.isupper()} | {"DAY_TYPES"}
OWN_MEANING = {"limits.py": {"FORGIVEN"}}
"""A limit is kept within a millionth, not to a whole unit."""


def assigned(tree: ast.Module) -> set[str]:
    """Names that a module gives a value to at its top."""
    targets = [
        target
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)}


def test_no_module_of_planning_has_units_of_its_own() -> None:
    found = {
        path.name: names
        for path in sorted((CHECKOUT / "brytpunkt" / "planning").rglob("*.py"))
        if path != HOME
        if (names := assigned(ast.parse(path.read_text(encoding="utf-8"))) & NAMES)
    }
    assert found == OWN_MEANING


def test_the_check_sees_units_however_they_are_given() -> None:
    text = "CENTS, HOURS_PER_YEAR = 100, 8760\nKWH_PER_MWH: int = 1000\ndef f():\n    MILLION_TOKENS = 1\n"
    assert assigned(ast.parse(text)) & NAMES == {"CENTS", "HOURS_PER_YEAR", "KWH_PER_MWH"}
