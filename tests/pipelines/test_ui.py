"""The Dagster UI in a real browser: it opens, and shows the graph from sources to reports."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from brytpunkt.folders import folders

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1600,1000",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)  # fmt: skip
PATIENCE_S = 90


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def address(home: Path, tmp_path: Path) -> Iterator[str]:
    """`brytpunkt ui` in a process group of its own; its address once it answers."""
    port = free_port()
    log = tmp_path / "ui.log"
    with log.open("w") as output, subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "ui", "--port", str(port)],
        cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(folders().checkout)},
    ) as process:  # fmt: skip
        url = f"http://127.0.0.1:{port}"

        def answers(_: object) -> bool:
            assert process.poll() is None, log.read_text()
            try:
                with urlopen(f"{url}/server_info", timeout=5) as answer:  # noqa: S310 - an address of our own
                    return bool(answer.status == 200)
            except (URLError, OSError):
                return False

        try:
            WebDriverWait(None, PATIENCE_S, poll_frequency=0.5).until(answers)  # type: ignore[type-var]
            yield url
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Headless Chromium that can reach this machine only."""
    assert BROWSER, "chromium is missing: apt-get install chromium chromium-driver"
    assert DRIVER, "chromedriver is missing: apt-get install chromium-driver"
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for switch in (*SWITCHES, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


def test_the_ui_shows_the_lineage_from_sources_to_reports(address: str, browser: webdriver.Chrome) -> None:
    browser.get(f"{address}/asset-groups/")
    wanted = {"sources", "facts", "plans", "reports", "Materialize all"}

    def shown(driver: webdriver.Chrome) -> bool:
        text = driver.find_element(By.TAG_NAME, "body").text
        return all(name in text for name in wanted)

    try:
        WebDriverWait(browser, PATIENCE_S).until(shown)
    finally:
        kept = os.environ.get("BRYTPUNKT_SCREENSHOTS")
        if kept:
            browser.save_screenshot(str(Path(kept) / "lineage.png"))
    browser.get(f"{address}/locations/brytpunkt")
    WebDriverWait(browser, PATIENCE_S).until(
        lambda driver: (
            "failed to load" not in driver.find_element(By.TAG_NAME, "body").text.lower()
            and "brytpunkt" in driver.find_element(By.TAG_NAME, "body").text
        )
    )
