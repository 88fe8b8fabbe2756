"""Draws the site's pictures of pages anew: `python -m tests.browser.screenshots [ADDRESS]`.

docs/playground/pictures/*.png, and docs/explorer/*.png if the address of a running explorer is given.
"""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.explorer_page import ExplorerPage
from tests.browser.playground_page import PlaygroundPage

DOCS = Path(__file__).parents[2] / "docs"
SHOTS = [
    ("light-1280", "", "", 1280, "light"),
    ("dark-1280", "?broken=target-contexts", "thm-3.6.target-increasing", 1280, "dark"),
    ("light-400", "?source=random&seed=3", "", 400, "light"),
    ("dark-400", "?broken=separation", "thm-3.3.peak-order", 400, "dark"),
]
PLAYGROUND_SHOTS = [
    ("light-1280", "", 1280, "light"),
    ("dark-1280", "mode=model&alpha=0.5", 1280, "dark"),
    ("light-800", "mode=play&alpha=0.7", 800, "light"),
    ("dark-800", "mode=tour&step=3&alpha=0.5", 800, "dark"),
    ("light-400", "mode=tour&step=2&alpha=0.8", 400, "light"),
    ("dark-400", "mode=play&alpha=0.7", 400, "dark"),
]


def main() -> None:
    """Take the pictures; of the explorer from the top, or from a claim that is unfolded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = browser.new_context()
        for name, state, width, scheme in PLAYGROUND_SHOTS:
            playground = PlaygroundPage(context, state, width=width, scheme=scheme)
            _save(playground.page, DOCS / "playground" / "pictures" / f"{name}.png")
            playground.close()
        for name, query, claim, width, scheme in SHOTS if sys.argv[1:] else ():
            page = ExplorerPage(context, sys.argv[1], query, width=width, scheme=scheme)
            if claim:
                page.claim(claim).locator("summary").first.click()
                page.claim(claim).evaluate("e => e.scrollIntoView({block: 'start'})")
            _save(page.page, DOCS / "explorer" / f"{name}.png")
            page.close()
        browser.close()


def _save(page: Page, path: Path) -> None:
    page.wait_for_timeout(800)
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(255).save(path, optimize=True)


if __name__ == "__main__":
    main()
