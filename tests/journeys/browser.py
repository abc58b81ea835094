"""A real Chromium, driven over the WebDriver protocol; absent where nobody installed one."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""
DRIVER = shutil.which("chromedriver") or ""
WHY_ABSENT = "no chromium and chromedriver on this machine (Debian: chromium chromium-driver)"
SECONDS_MAX = 60
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class Browser:
    """One window of one session."""

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        options = {
            "binary": CHROMIUM,
            "args": [*FLAGS, f"--user-data-dir={folder}"],
        }
        asked = {
            "alwaysMatch": {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
        }
        found = self._call("POST", "/session", {"capabilities": asked})
        self._session = f"/session/{found['sessionId']}"

    def open(self, url: str) -> None:
        """Go to a page."""
        self._call("POST", f"{self._session}/url", {"url": url})

    def run(self, script: str) -> Any:
        """Return what a script of the page returns."""
        return self._call("POST", f"{self._session}/execute/sync", {"script": script, "args": []})

    def wait(self, script: str) -> bool:
        """Return whether a script of the page comes to return something true in time."""
        condition = script.removeprefix("return ")
        waiting = f"""
            const [done] = arguments;
            const look = () => (({condition}) ? done(true) : requestAnimationFrame(look));
            look();
        """
        given = {"script": waiting, "args": []}
        return bool(self._call("POST", f"{self._session}/execute/async", given))

    def key(self, name: str) -> None:
        """Press a key of the keyboard."""
        code = {"Enter": 13, "Tab": 9}[name]
        text = {"text": "\r"} if name == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.devtools(
                "Input.dispatchKeyEvent", type=kind, key=name, code=name,
                windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {}),
            )  # fmt: skip

    def tab(self) -> str:
        """Go to the next stop and return what stands there."""
        self.key("Tab")
        return str(self.run("return document.activeElement.textContent"))

    def devtools(self, command: str, **values: Any) -> Any:
        """Run one command of the developer tools."""
        given = {"cmd": command, "params": values}
        return self._call("POST", f"{self._session}/goog/cdp/execute", given)

    def look_like(self, *, width: int, height: int, dark: bool = False, calm: bool = False) -> None:
        """Take the size of a window and the wishes of a reader."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
        ]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def complaints(self) -> list[str]:
        """Return what the console of the browser has said since the last call."""
        said = self._call("POST", f"{self._session}/se/log", {"type": "browser"})
        return [entry["message"] for entry in said]

    def picture(self, *, whole: bool = True) -> bytes:
        """Return a PNG of the page."""
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(shot["data"])

    def close(self) -> None:
        """End the session."""
        self._call("DELETE", self._session, None)

    def _call(self, method: str, path: str, given: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self._address + path,
            data=None if given is None else json.dumps(given).encode(),
            method=method,
            headers={"Content-Type": "application/json"},
        )
        # Never through a proxy that the surroundings may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS_MAX) as answer:
            return json.load(answer)["value"]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """Start a driver on a free port and a window in it; `folder` is new and empty."""
    driver = subprocess.Popen(
        [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert driver.stdout is not None
        port = next(
            found[1]
            for line in driver.stdout
            if (found := re.search(r"started successfully on port (\d+)", line))
        )
        window = Browser(f"http://127.0.0.1:{port}", folder)
        try:
            yield window
        finally:
            window.close()
    finally:
        driver.terminate()
        driver.wait(timeout=SECONDS_MAX)
        if driver.stdout is not None:
            driver.stdout.close()
