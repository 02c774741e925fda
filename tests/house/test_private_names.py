"""Product code lives on what libraries offer: their private names may go or change with any release."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterator

import pytest

from brytpunkt.folders import folders

CHECKOUT = folders().checkout
OURS = {"assets", "benchmarks", "brytpunkt", "pipelines", "scripts", "tests"}
ROOMS = ("assets", "benchmarks", "brytpunkt", "pipelines", "scripts")
# Modules below the root that a library documents, where it says that others are its own.
OFFERED = {
    "weasyprint": {"weasyprint.urls"},
    "highspy": set[str](),
}
# What is used all the same, by file, with its reason.
MEANT = {
    # docs/decisions/0008: the sheet of elements has no other place to be given; a ceiling and a test of pages guard it
    "brytpunkt/reporting/outputs/pdf.py": {"weasyprint.HTML._ua_stylesheets"},
}
LOOKED_UP = {"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller"}


def is_private(name: str) -> bool:
    """Whether a name begins with an underscore, and is not one of Python's own."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__")) and name != "_"


def is_foreign(module: str) -> bool:
    """Whether a module belongs to a library."""
    root = module.partition(".")[0]
    return root not in OURS and root not in sys.stdlib_module_names


def is_hidden(module: str) -> bool:
    """Whether a library keeps a module to itself: by its name, or by what its documentation says."""
    root, _, below = module.partition(".")
    if any(is_private(part) for part in module.split(".")):
        return True
    return bool(below) and root in OFFERED and module not in OFFERED[root]


def own_names(trees: list[ast.Module]) -> set[str]:
    """Private names that our own code defines: functions, classes, fields and attributes of `self`."""
    names: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            names.add(node.attr)
    return {name for name in names if is_private(name)}


def is_self(node: ast.expr) -> bool:
    """Whether an expression is the object or the class that a method belongs to."""
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Names that a file imports, wherever in it, with what they stand for."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                known[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def dotted(node: ast.expr, known: dict[str, str]) -> str:
    """What an expression of names and attributes stands for, if it begins at an import; else nothing."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := dotted(node.value, known)):
        return f"{before}.{node.attr}"
    return ""


def private_uses(tree: ast.Module, ours: set[str]) -> Iterator[str]:
    """Private names of libraries in a file: imported, reached through an object, looked up by text, or overridden."""
    known = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (
                alias.name for alias in node.names if is_foreign(alias.name) and is_hidden(alias.name)
            )
        elif isinstance(node, ast.ImportFrom) and node.module and is_foreign(node.module):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if is_hidden(node.module) or is_private(alias.name) or (is_module(name) and is_hidden(name)):
                    yield name
        elif isinstance(node, ast.Attribute):
            name = dotted(node, known)
            if name and is_foreign(name) and (is_private(node.attr) or (is_module(name) and is_hidden(name))):
                yield name
            elif not name and is_private(node.attr) and not is_self(node.value) and node.attr not in ours:
                yield ast.unparse(node)
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            texts = [
                arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            ]
            if called in LOOKED_UP:
                yield from (text for text in texts if is_private(text) and text not in ours)
        elif isinstance(node, ast.ClassDef):
            yield from overridden(node, known)


def overridden(node: ast.ClassDef, known: dict[str, str]) -> Iterator[str]:
    """Private names of a library's class that a class of ours gives another meaning, or uses of itself."""
    for base in node.bases:
        if (name := dotted(base, known)) and is_foreign(name):
            theirs = {item for item in dir(resolved(name)) if is_private(item)}
            used = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
            used |= {
                item.attr
                for item in ast.walk(node)
                if isinstance(item, ast.Attribute)
                and (is_self(item.value) or ast.unparse(item.value) == "super()")
            }
            yield from (f"{name}.{item}" for item in sorted(used & theirs))


def resolved(name: str) -> object:
    """What a dotted name stands for."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if is_module(".".join(parts[:length])):
            found: object = importlib.import_module(".".join(parts[:length]))
            for part in parts[length:]:
                found = getattr(found, part)
            return found
    raise ModuleNotFoundError(name)


def is_module(name: str) -> bool:
    """Whether a dotted name is a module that can be found."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):
        return False


def product() -> dict[str, ast.Module]:
    """Every file of the product by its path in the checkout."""
    paths = [path for room in ROOMS for path in sorted((CHECKOUT / room).rglob("*.py"))]
    return {
        path.relative_to(CHECKOUT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths
    }


def test_no_private_name_of_a_library_is_used() -> None:
    trees = product()
    assert len(trees) > 100
    ours = own_names(list(trees.values()))
    found = {path: set(private_uses(tree, ours)) for path, tree in trees.items()}
    assert {path: names for path, names in found.items() if names} == MEANT


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from weasyprint.text.ffi import pango", "weasyprint.text.ffi.pango"),
        ("def f():\n    import weasyprint.draw.text", "weasyprint.draw.text"),
        ("from weasyprint import matrix", "weasyprint.matrix"),
        ("import weasyprint\nweasyprint.css.properties", "weasyprint.css"),
        ("from dagster._core.loader import LoadingContext", "dagster._core.loader.LoadingContext"),
        ("import highspy\nhighspy._Highs()", "highspy._Highs"),
        ("import duckdb as d\nd._clean()", "duckdb._clean"),
        ("for page in document.pages:\n    page._page_box.descendants()", "page._page_box"),
        ("getattr(page, '_page_box')", "_page_box"),
        ("from weasyprint import HTML\nclass A(HTML):\n    def _ph_stylesheets(self): ...", "weasyprint.HTML._ph_stylesheets"),
        ("from weasyprint import HTML\nclass A(HTML):\n    def a(self): self._ph_stylesheets()", "weasyprint.HTML._ph_stylesheets"),
    ],
)  # fmt: skip
def test_the_check_can_fail(code: str, name: str) -> None:
    assert name in set(private_uses(ast.parse(code), {"_own"}))


@pytest.mark.parametrize(
    "code",
    [
        "from weasyprint import CSS, HTML\nfrom weasyprint.urls import URLFetcher",
        "class A:\n    def _own(self): ...\ndef f(a): a._own()",
        "class A:\n    def __init__(self): self._own = 1",
        "import dagster as dg\ndg.__version__",
        "import zlib\ndef f(state: zlib._Decompress): ...",
    ],
)
def test_what_is_offered_and_what_is_ours_may_be_used(code: str) -> None:
    assert set(private_uses(ast.parse(code), {"_own"})) == set()
