"""``brytpunkt sources try``, as a process: what became of each row, in words and as one object, and nothing is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from brytpunkt.folders import folders
from brytpunkt.landing.store import Arrival, Landing
from brytpunkt.publishers.find import publisher
from brytpunkt.warehouse import Warehouse
from brytpunkt.warehouse.upsert import Policy, ingest

KEYS = ["taken", "rows", "left_out", "remarks", "refused"]


def tried(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One process of the command."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "sources", "try", *arguments],
        env=os.environ | {"BRYTPUNKT_HOME": str(home)},
        cwd=folders().checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def told(home: Path, source: str, *files: Path) -> dict[str, Any]:
    """What the command says as JSON."""
    done = tried(home, source, *map(str, files), "--format", "json")
    assert done.returncode == 0, done.stderr
    content: dict[str, Any] = json.loads(done.stdout)
    assert list(content) == KEYS
    assert content["taken"] == len(content["rows"])
    return content


def quotes(path: Path, *prices: float, unit: str = "NOK") -> Path:
    """A day's file of as many hours as there are prices. [EUR/kWh]"""
    hours = [
        {
            f"{unit}_per_kWh": round(price * 11, 6),
            "EUR_per_kWh": price,
            "EXR": 11.0,
            "time_start": f"2026-03-03T{hour:02d}:00:00+01:00",
            "time_end": f"2026-03-03T{hour + 1:02d}:00:00+01:00",
        }
        for hour, price in enumerate(prices)
    ]
    path.write_text(json.dumps(hours), encoding="utf-8")
    return path


def lambda_list(price: int, **unknown: int) -> bytes:
    """Lambda's list with eight H100 at a price and types that no map knows. [cents an hour]"""
    regions = [{"name": "us-east-1", "description": "Virginia, USA"}]
    return json.dumps(
        {
            "data": {
                name: {
                    "instance_type": {
                        "name": name,
                        "description": name,
                        "gpu_description": "H100 (80 GB SXM5)",
                        "price_cents_per_hour": cents,
                        "specs": {"vcpus": 208, "memory_gib": 1800, "storage_gib": 22000, "gpus": 8},
                    },
                    "regions_with_capacity_available": regions,
                }
                for name, cents in ({"gpu_8x_h100_sxm5": price} | unknown).items()
            }
        }
    ).encode()


def test_rows_are_told_by_what_became_of_them(tmp_path: Path) -> None:
    held = quotes(tmp_path / "2026-03-03_NO4.json", 0.031, 0.029, 0.035)
    said = told(tmp_path / "home", "hvakosterstrommen", held)
    assert [(row["table"], row["zone"], row["price_eur_per_mwh"]) for row in said["rows"]] == [
        ("day_ahead_intervals", "NO4", pytest.approx(price)) for price in (31.0, 29.0, 35.0)
    ]
    assert {one["kind"] for one in said["remarks"]} == {"file without a whole day", "short day"}
    assert (said["left_out"], said["refused"]) == ([], [])


def test_a_name_that_the_source_would_not_give_is_read_as_one_that_it_would_and_remarked(
    tmp_path: Path,
) -> None:
    said = told(tmp_path / "home", "hvakosterstrommen", quotes(tmp_path / "what the shop sent.json", 0.04))
    assert {row["zone"] for row in said["rows"]} == {"NO1"}
    assert said["remarks"][0] == {
        "document": "what the shop sent_NO1.json",
        "reason": "what the shop sent.json is read under this name, which says what it is of",
    }


def test_what_is_no_document_of_the_source_is_refused_with_where_and_why(tmp_path: Path) -> None:
    page = tmp_path / "2026-03-03_NO2.json"
    page.write_text("<!DOCTYPE html><p>Back soon", encoding="utf-8")
    said = told(tmp_path / "home", "hvakosterstrommen", page)
    assert said["rows"] == []
    [refused] = said["refused"]
    assert (refused["document"], refused["reason"]) == (
        "2026-03-03_NO2.json",
        "the document is a web page, not JSON",
    )


def test_it_is_held_against_what_the_warehouse_holds_and_changes_nothing(tmp_path: Path) -> None:
    home, document = tmp_path / "home", tmp_path / "instance-types.json"
    before = datetime(2026, 10, 5, 7, tzinfo=UTC)
    warehouse, landing = Warehouse(home / "warehouse.duckdb", folders().sql), Landing(home / "landing")
    home.mkdir()
    warehouse.migrate()
    arrival = Arrival("instance-types.json", "x:y", lambda_list(3000), "application/json", "own", before)
    listing = landing.land("lambda", [arrival])
    with warehouse.open() as connection:
        batches = list(publisher("lambdalabs").parse(listing))
        ingest(connection, warehouse.sql / "queries", listing, batches, Policy(before))
    kept = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}

    document.write_bytes(lambda_list(3100, gpu_8x_b400=4400))
    fine = told(home, "lambda", document)
    assert [(row["sku"], row["price_native_per_instance_hour"]) for row in fine["rows"]] == [
        ("gpu_8x_h100_sxm5", 31.0)
    ]
    assert {one["reason"] for one in fine["remarks"]} == {"the map of instances does not know it"}

    document.write_bytes(lambda_list(100))
    leap = told(home, "lambda", document)
    assert leap["rows"] == []
    assert leap["refused"] == [{"table": "gpu_offers", "reason": "1 of 1 rows break the contract"}]
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == kept


def test_a_table_for_a_terminal_has_the_same_rows(tmp_path: Path) -> None:
    held = quotes(tmp_path / "2026-03-03_NO3.json", 0.052, 0.061)
    done = tried(tmp_path / "home", "hvakosterstrommen", str(held))
    assert done.returncode == 0
    first, *rest = done.stdout.splitlines()
    assert first == "hvakosterstrommen: 2 rows taken into day_ahead_intervals; nothing was kept"
    assert "Taken, day_ahead_intervals (2):" in rest
    assert any("NO3" in line and "61.0" in line for line in rest)
    assert any(line.startswith("Remarked (") for line in rest)
    assert not (tmp_path / "home").exists()


def test_what_cannot_be_tried_is_the_users_to_mend(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    done = tried(
        tmp_path / "home", "hvakosterstrommen", str(pipe), str(tmp_path), str(tmp_path / "none.json")
    )
    assert done.returncode == 2
    assert done.stderr.count("it is no file. Name the documents one by one") == 2
    assert "none.json: no such file or directory" in done.stderr
    other = tried(tmp_path / "home", "no-such", str(pipe))
    assert (other.returncode, "no-such: no source has this name" in other.stderr) == (2, True)


def test_it_needs_no_dagster(tmp_path: Path) -> None:
    held = quotes(tmp_path / "2026-03-03_NO5.json", 0.01)
    code = (
        "import sys; from pipelines.cli.main import main; "
        f"main(['sources', 'try', 'hvakosterstrommen', {str(held)!r}]); "
        "sys.exit(any(name.partition('.')[0] == 'dagster' for name in sys.modules))"
    )
    environment = os.environ | {"BRYTPUNKT_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=folders().checkout, check=False)
    assert done.returncode == 0
