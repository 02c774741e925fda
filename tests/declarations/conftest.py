"""A small plan file, and a way to break it in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brytpunkt.declarations import Declared, read_plan
from brytpunkt.errors import InputError, Problem

SMALL = """\
plan: small
finance: {start: 2027-01-01, horizon_months: 84}
workloads:
  - id: assistant
    model: llama2-70b
    demand: {output_tokens_per_day: 1e9, input_tokens_per_day: 4e9}
sites:
  - id: lulea
    country: SE
    zone: SE1
    climate: lulea
    colocation: {price_per_kw_month: {eur: 150}}
build:
  servers:
    - catalog: dgx_b200
"""

Read = Callable[[str | bytes], Declared]
Refuse = Callable[[str | bytes], tuple[Problem, ...]]


@pytest.fixture
def small() -> str:
    return SMALL


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Text or bytes -> the declared plan, read from a file called p.yaml."""
    monkeypatch.chdir(tmp_path)

    def read_it(content: str | bytes) -> Declared:
        path = Path("p.yaml")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_plan(path)

    return read_it


@pytest.fixture
def refuse(read: Read) -> Refuse:
    """Text or bytes -> the problems with which the file is refused."""

    def refuse_it(content: str | bytes) -> tuple[Problem, ...]:
        with pytest.raises(InputError) as caught:
            read(content)
        return caught.value.problems

    return refuse_it
