"""Files that cannot be a plan: empty, binary, a bomb, a folder, a pipe, not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.declarations import read_plan
from brytpunkt.errors import InputError
from tests.declarations.conftest import Refuse

WHOLE_FILES = {
    "empty": (b"", "p.yaml", "the file is empty"),
    "only a comment": (b"# nothing\n", "p.yaml", "the file is empty"),
    "a word": (b"hello\n", "p.yaml:1", "this is not a plan"),
    "a list": (b"- plan\n- site\n", "p.yaml:1", "this is not a plan"),
    "binary": (b"PAR1\x00\x15\x04", "p.yaml", "looks like a binary file"),
    "control characters": (b"plan: a\nname: \x1b[31m\n", "p.yaml:2", "control character"),
    "Latin-1": (b"plan: a\nname: Lule\xe5\n", "p.yaml:2", "not UTF-8"),
    "too large": (b"# " + b"x" * 1_000_000, "p.yaml", "larger than 1,000,000 bytes"),
    "too many entries": (b"a: [" + b"1,\n" * 30_000 + b"]", "p.yaml", "more than 20000 entries"),
    "one endless line": (b"a: " + b"!" * 30_000, "p.yaml:1", "longer than 20,000 characters"),
    "deep": (b"a: " + b"[" * 900, "p.yaml:1", "nested deeper than 20 levels"),
}


@pytest.mark.parametrize("case", WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_no_plan(case: Any, refuse: Refuse) -> None:
    content, where, message = case
    (problem,) = refuse(content)
    assert problem.where.startswith(where)
    assert message in problem.message
    assert problem.suggestion


def test_a_yaml_bomb_is_refused_without_expanding(refuse: Refuse) -> None:
    levels = "".join(f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 9))
    problems = refuse(f"b0: &b0 [lol]\n{levels}plan: bomb\n")
    assert problems[0].where == "p.yaml:1: b0"
    assert any("aliases (*b0) are not allowed" in problem.message for problem in problems)
    assert len(problems) <= 51


def test_missing_file_folder_and_unreadable_path(tmp_path: Path, small: str) -> None:
    (tmp_path / "nordic.yaml").write_text(small)
    for path, message, suggestion in (
        (tmp_path / "nordik.yaml", "no such file", "nordic.yaml?"),
        (tmp_path, "this is a folder", "give the path of a plan file"),
        (tmp_path / "nordic.yaml" / "x.yaml", "no such file", "check the path"),
        (tmp_path / ("x" * 5000), "cannot be read", "check the path"),
        (Path("a\0b"), "no such file", "check the path"),
    ):
        with pytest.raises(InputError) as caught:
            read_plan(path)
        (problem,) = caught.value.problems
        assert message in problem.message
        assert suggestion in (problem.suggestion or "")


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(InputError, match="not a regular file"):
        read_plan(tmp_path / "pipe.yaml")
