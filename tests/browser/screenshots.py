"""Draws docs/explorer/*.png anew: `python -m tests.browser.screenshots ADDRESS` of a running explorer."""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.explorer_page import ExplorerPage

FOLDER = Path(__file__).parents[2] / "docs" / "explorer"
SHOTS = [
    ("light-1280", "", 1280, "light"),
    ("dark-1280", "?broken=separation", 1280, "dark"),
    ("light-800", "?law=random&concepts=4", 800, "light"),
    ("dark-800", "", 800, "dark"),
]


def main() -> None:
    """Take the pictures, at the height that shows the views and the first verdicts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        context = browser.new_context()
        for name, query, width, scheme in SHOTS:
            page = ExplorerPage(context, sys.argv[1], query, width=width, scheme=scheme)
            page.page.set_viewport_size({"width": width, "height": 1000 if width > 1000 else 1250})
            page.page.wait_for_timeout(800)
            path = FOLDER / f"{name}.png"
            page.page.screenshot(path=path)
            Image.open(path).convert("RGB").quantize(255).save(path, optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
