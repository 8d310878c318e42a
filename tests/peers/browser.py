"""A real browser without a window: Debian's Chromium, driven by Debian's chromedriver.

Profile, cache and home lie below the test's folder. Chromium hangs on a pipe that chromedriver
holds, and ends when chromedriver does; chromedriver ends when the test run does.
"""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
from selenium.webdriver.common.by import By

from tests.peers import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver.remote.webelement import WebElement

# A page is drawn in 0.2 s here; beside three other tests it may need a while.
_PATIENCE_S = 15.0
_POLL_S = 0.05
_ARGUMENTS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--disable-gpu",
    # Its sandbox refuses root, and needs namespaces that containers forbid: only our pages come here.
    "--no-sandbox",
    # Containers keep 64 MB in /dev/shm.
    "--disable-dev-shm-usage",
    # It must not call home, nor do anything beside what the test asks for.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--lang=en",
    # Nothing but the loopback is there, as at a center without an internet.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


class Browser(process.Server):
    """One browser with one page; `driver` is selenium's."""

    def __init__(self, folder: Path) -> None:
        # Debian's /usr/bin/chromium is a script that knows one place only; this may be unpacked.
        script = process.required_program("chromium").resolve()
        self._chromium = script.parents[1] / "lib" / "chromium" / "chromium"
        self._program = process.required_program("chromedriver")
        self._folder = folder
        self._port = process.free_port()
        self.driver: webdriver.Remote
        super().__init__(
            folder / "chromedriver.log", ("/usr/bin/env", f"HOME={folder}", f"TMPDIR={folder}")
        )

    def start(self) -> Self:
        super().start()
        options = webdriver.ChromeOptions()
        options.binary_location = str(self._chromium)
        for argument in [*_ARGUMENTS, f"--user-data-dir={self._folder / 'profile'}"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        try:
            self.driver = webdriver.Remote(self._connection(), options=options)
        except BaseException:
            self._end(signal.SIGTERM)
            raise
        self.driver.set_page_load_timeout(_PATIENCE_S)
        return self

    def stop(self) -> None:
        with suppress(Exception):
            self.driver.quit()
        super().stop()

    def resize(self, width_px: int, height_px: int) -> None:
        """Be a screen of that size, also one narrower than a desktop's window can be."""
        measures = {"width": width_px, "height": height_px, "deviceScaleFactor": 1, "mobile": False}
        command = {"cmd": "Emulation.setDeviceMetricsOverride", "params": measures}
        self.driver.execute("executeCdpCommand", command)

    def prefer(self, scheme: str) -> None:
        """Be a system that is "dark" or "light"; and show no scroll bars, as no phone does."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        for command in (
            {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}},
            {"cmd": "Emulation.setScrollbarsHidden", "params": {"hidden": True}},
        ):
            self.driver.execute("executeCdpCommand", command)

    def forget(self) -> None:
        """Have no cookies, of any site."""
        command = {"cmd": "Network.clearBrowserCookies", "params": {}}
        self.driver.execute("executeCdpCommand", command)

    def open(self, url: str) -> None:
        self.driver.get(url)

    def one(self, css: str) -> WebElement:
        """Return the first element that the selector finds; wait for it to come."""
        self.until(lambda: self.all(css), f"no {css}")
        return self.all(css)[0]

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str = "body") -> str:
        """Return what it says; ask again where the page renews it in that very moment."""
        with suppress(StaleElementReferenceException):
            return self.one(css).text
        return self.one(css).text

    def until(self, is_so: Callable[[], object], why: str = "") -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline, f"{why}; the page says:\n{self.driver.page_source}"
            time.sleep(_POLL_S)  # noqa: TID251 (another process's doings have no clock of ours)

    def complaints(self) -> list[str]:
        """Return what the console says that is worse than a remark."""
        entries = self.driver.execute("getLog", {"type": "browser"})["value"]
        return [entry["message"] for entry in entries if entry["level"] in {"SEVERE", "WARNING"}]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(self.driver.get_screenshot_as_png())

    def _connection(self) -> ChromiumRemoteConnection:
        """Return the way to chromedriver: with Chromium's own commands, past any proxy."""
        return ChromiumRemoteConnection(
            f"http://127.0.0.1:{self._port}", "goog", "chrome", ignore_proxy=True
        )

    def _command(self) -> list[str | Path]:
        return [self._program, f"--port={self._port}", "--log-level=WARNING"]

    def _is_up(self) -> bool:
        return process.listens(self.pid, self._port)
