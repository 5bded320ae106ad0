"""Somebody who reads a page in Chromium: by mouse, by keyboard, on paper; and axe, its judge."""

import base64
import io
import json
import os
from pathlib import Path

from axe_core_python.selenium import Axe
from pypdf import PdfReader
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

_SWITCHES = (
    "--headless=new",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--window-size=1000,1400",
)
# What is on the screen: text that is rendered, and that no fold hides.
_SHOWN = "return document.body.innerText"


class Reader:
    """One browser with a profile of its own; `open` shows a page."""

    def __init__(self, folder: Path, chromium: str | None, driver: str | None) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium or ""
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        for switch in (*_SWITCHES, f"--user-data-dir={folder / 'profile'}"):
            options.add_argument(switch)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # Chromium has none for root
        # HOME of the moment is that of one test, and may be given to another
        env = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder / ".config")}
        self.driver = webdriver.Chrome(options, Service(driver, env=env))
        self._folder = folder
        self._axe = Axe()

    def close(self) -> None:
        self.driver.quit()

    def begin(self, folder: Path) -> None:
        """Pages are kept in `folder`; the look is light, the window wide."""
        self._folder = folder
        self.driver.get("about:blank")
        self.prefer("light")
        self.driver.get_log("browser")
        self.driver.get_log("performance")

    def open(self, page: str | bytes) -> None:
        path = self._folder / "page.html"
        path.write_bytes(page if isinstance(page, bytes) else page.encode())
        self.driver.get(path.as_uri())

    def prefer(self, look: str) -> None:
        """What the system prefers: light or dark."""
        feature = {"name": "prefers-color-scheme", "value": look}
        self._cdp("Emulation.setEmulatedMedia", features=[feature])

    # ---------------------------------------------------------------------------- what is seen

    @property
    def text(self) -> str:
        """What can be read now."""
        return str(self.driver.execute_script(_SHOWN))

    @property
    def background(self) -> str:
        return str(self.of("body", "getComputedStyle(e).backgroundColor"))

    @property
    def focused(self) -> str:
        """What the keyboard would act on: its tag and its name."""
        element = self.driver.switch_to.active_element
        return f"{element.tag_name} {element.get_attribute('id') or element.text}"

    def of(self, selector: str, expression: str) -> object:
        """What an expression over the element `e` gives."""
        script = f"const e = document.querySelector(arguments[0]); return {expression}"
        return self.driver.execute_script(script, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    # ----------------------------------------------------------------------------- what is done

    def click(self, selector: str) -> None:
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def unfold(self) -> None:
        """Open everything."""
        self.driver.execute_script(
            "document.querySelectorAll('details').forEach(e => e.open = true)"
        )

    def press(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver, duration=0).send_keys(key).perform()

    def tab_to(self, wanted: str, key: str) -> None:
        """Press a key until the focus is where it is wanted."""
        for _ in range(40):
            if self.focused.startswith(wanted):
                return
            self.press(key)
        raise AssertionError(f"{wanted} is out of reach; at the end: {self.focused}")

    def widen(self, width: int) -> None:
        self._cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )

    def print(self) -> list[str]:
        """The page on paper: the text of each sheet."""
        printed = base64.b64decode(str(self._cdp("Page.printToPDF")["data"]))
        return [sheet.extract_text() for sheet in PdfReader(io.BytesIO(printed)).pages]

    # ------------------------------------------------------------------------------ what is wrong

    def violations(self) -> list[str]:
        """What axe finds on the page as it looks now."""
        self._found = self._axe.run(self.driver)
        return [
            f"{rule['id']}: {node['html']} ({check['message']})"
            for rule in self._found["violations"]
            for node in rule["nodes"]
            for check in [*node["any"], *node["all"], *node["none"]]
        ]

    @property
    def unsure(self) -> float:
        """The share of texts whose contrast axe could not tell.

        It cannot of what is folded away, nor where the box of a line touches the next one.
        """
        judged, unsure = (
            sum(len(rule["nodes"]) for rule in self._found[kind] if rule["id"] == "color-contrast")
            for kind in ("passes", "incomplete")
        )
        return unsure / (judged + unsure)

    def complaints(self) -> list[str]:
        """What the console says, and every request but that for the page."""
        said = [f"{row['level']}: {row['message']}" for row in self.driver.get_log("browser")]
        for row in self.driver.get_log("performance"):
            event = json.loads(row["message"])["message"]
            if event["method"] != "Network.requestWillBeSent":
                continue
            url = event["params"]["request"]["url"]
            if url not in ("about:blank", (self._folder / "page.html").as_uri()):
                said.append(f"request: {url}")
        return said

    def _cdp(self, method: str, **parameters: object) -> dict[str, object]:
        found: dict[str, object] = self.driver.execute_cdp_cmd(method, parameters)
        return found
