"""Declarations by their digest: what was read is what is kept, and an id stands for what was registered last."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brytpunkt.declarations import Declared, read_plan
from brytpunkt.errors import BrytpunktError
from brytpunkt.registered import keep, kept, register, registered, registered_digests, registered_plans
from tests.conftest import SMALL_PLAN


def declared(path: Path, name: str = "A", mark: str = "") -> Declared:
    path.write_text(mark + SMALL_PLAN.replace("One workload at two sites", name), encoding="utf-8")
    return read_plan(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_was_read_is_kept_byte_for_byte_whatever_becomes_of_its_file(tmp_path: Path, mark: str) -> None:
    one = declared(tmp_path / "small.yaml", mark=mark)
    declared(tmp_path / "small.yaml", "B")
    register(one, tmp_path)
    assert one.sha256 == hashlib.sha256(one.content).hexdigest()
    for found in (kept(tmp_path, one.sha256), registered(tmp_path, "small")):
        assert found is not None
        assert (found.sha256, found.plan.name) == (one.sha256, "A")


def test_an_id_stands_for_what_was_registered_last_and_what_was_before_is_kept(tmp_path: Path) -> None:
    one, two = declared(tmp_path / "a.yaml", "A"), declared(tmp_path / "b.yaml", "B")
    assert registered(tmp_path, "small") is None
    for each in (one, two):
        register(each, tmp_path)
    assert registered_digests(tmp_path) == {"small": two.sha256}
    assert kept(tmp_path, one.sha256).plan.name == "A"


def test_many_that_register_one_id_at_once_leave_one_of_them_whole(tmp_path: Path) -> None:
    all_of_them = [declared(tmp_path / f"{number}.yaml", f"N{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: register(one, tmp_path), all_of_them * 5))
    found = registered(tmp_path, "small")
    assert found is not None
    assert found.sha256 in {one.sha256 for one in all_of_them}
    assert [path.name for path in (tmp_path / "plans").iterdir()] == ["small.yaml"], "and no draft of it"
    assert {path.stem for path in (tmp_path / "declarations").iterdir()} == {
        one.sha256 for one in all_of_them
    }


def test_a_declaration_that_is_gone_or_was_changed_is_not_taken_for_another(tmp_path: Path) -> None:
    one = declared(tmp_path / "small.yaml")
    with pytest.raises(BrytpunktError, match="is not kept in"):
        kept(tmp_path, one.sha256)
    keep(one, tmp_path)
    declared(tmp_path / "declarations" / f"{one.sha256}.yaml", "B")
    with pytest.raises(BrytpunktError, match="was changed after it had been kept"):
        kept(tmp_path, one.sha256)


def test_a_file_under_another_plans_name_is_not_that_plan(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    declared(tmp_path / "plans" / "other.yaml")
    assert registered_plans(tmp_path) == ["other"]
    with pytest.raises(BrytpunktError, match="declares plan small, not other"):
        registered(tmp_path, "other")
