"""A real browser for the console: Debian's Chromium, driven by Playwright, and what is wrong with a page of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.paths import TESTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (390, 1280, 2560)
"""Pixels: a telephone, a laptop, a large screen."""
HEIGHT = 900
ELSEWHERE = "mock.test"
"""A host that leads here and is none of this machine's names, as if the browser were on another one."""
_AXE = TESTS / "system" / "browser" / "node_modules" / "axe-core" / "axe.min.js"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that is installed here, without the sandbox where root would have none."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "found no Chromium; expected one: bash tests/system/browser/install"
    arguments = [f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"]
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Visit:
    """A page that is open, with what the browser has complained of, and the hosts that were asked."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def barriers(self) -> list[str]:
        """What axe-core finds that is serious or critical (WCAG 2.2, A and AA)."""
        # The policy of the page lets no script in: the browser is told to run it, not the page.
        self.page.evaluate(_AXE.read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate(
            "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [
            f"{violation['id']}: {[node['html'][:200] for node in violation['nodes'][:3]]}"
            for violation in found["violations"]
            if violation["impact"] in ("serious", "critical")
        ]


@contextmanager
def visit(browser: Browser, url: str, width: int = 1280, **options: Any) -> Iterator[Visit]:
    """A page, open in a window of its own. Options are those of Playwright's contexts."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, **options)
    opened = Visit(context.new_page())
    opened.page.on("console", lambda message: _note(opened, message.type, message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("request", lambda request: opened.addresses.append(request.url))
    try:
        opened.page.goto(url)
        yield opened
    finally:
        context.close()


def _note(opened: Visit, kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        opened.complaints.append(text)
