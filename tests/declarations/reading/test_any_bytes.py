"""Whatever stands in the file: it is read, or refused with problems. Never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brytpunkt.declarations import Declared, read_plan
from brytpunkt.errors import InputError
from tests.examples import examples

SMALL = (Path(__file__).parents[3] / "plans" / "nordic.yaml").read_bytes()
PIECES = [
    "plan: a",
    "finance:",
    "  start: 2027-01-01",
    "- ",
    "? ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!str ",
    "<<: ",
    "|\n",
    ">-\n",
    "'",
    '"',
    "#",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "\t",
    "\n",
    "  ",
    ",",
    "1e999",
    ".nan",
    "-0",
    "~",
    "2027-13-45",
    "sites:",
    "id: x",
    "\u2028",
    "\ufeff",
    "0x1F",
    "9" * 40,
    "servers: [catalog: x]",
    "{eur: 1}",
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any") / "p.yaml"


def read_or_refuse(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    try:
        declared = read_plan(file)
    except InputError as error:
        assert error.problems  # noqa: PT017 - either outcome is fine
        assert all(  # noqa: PT017
            problem.message and str(file) in problem.where for problem in error.problems
        )
    else:
        assert isinstance(declared, Declared)


@given(content=st.binary(max_size=400))
@settings(max_examples=examples(75))
def test_random_bytes(file: Path, content: bytes) -> None:
    read_or_refuse(file, content)


@given(pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=40))
@settings(max_examples=examples(120))
def test_random_pieces_of_yaml(file: Path, pieces: list[str]) -> None:
    read_or_refuse(file, "".join(pieces).encode("utf-8", "surrogatepass"))


@given(
    start=st.integers(0, len(SMALL)),
    length=st.integers(0, 40),
    filler=st.sampled_from(PIECES).map(str.encode) | st.binary(max_size=6),
)
@settings(max_examples=examples(75))
def test_the_example_with_a_wound(file: Path, start: int, length: int, filler: bytes) -> None:
    read_or_refuse(file, SMALL[:start] + filler + SMALL[start + length :])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SECTIONS = ["finance", "workloads", "sites", "build", "rent", "energy", "staff", "report", "published"]


@given(section=st.sampled_from(SECTIONS), value=VALUES, as_item=st.booleans())
@settings(max_examples=examples(100))
def test_any_value_in_any_section(file: Path, section: str, value: object, as_item: bool) -> None:
    read_or_refuse(file, f"plan: a\n{section}: {_flow([value] if as_item else value)}\n".encode())


def _flow(value: object) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return "'" + "".join(letter for letter in value if letter.isprintable()).replace("'", "''") + "'"
    return "null" if value is None else str(value)
