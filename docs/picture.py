"""Takes the pictures of a report that the README and docs/report.md show.

``python docs/picture.py REPORT.html FOLDER`` needs Playwright and Pillow (PyPI) and a Chromium, on the PATH or named by the variable
CHROMIUM.
"""  # noqa: INP001 - a script

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDE = 1280
COLORS = 128
PICTURES = {"report.png": ("header", "#changes", "light"), "report-timeline.png": ("#timeline", "#keys", "dark")}
"""Each picture goes from the top of one element to that of another."""


def main(argv: list[str]) -> int:
    """Take them all."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if len(argv) != 2 or chromium is None:  # noqa: PLR2004 - a file and a folder
        sys.stderr.write(__doc__ or "")
        return 2
    report, folder = Path(argv[0]).resolve(), Path(argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (first, last, scheme) in PICTURES.items():
            page = browser.new_page(viewport={"width": WIDE, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
            page.goto(report.as_uri())
            top, bottom = (page.locator(place).first.bounding_box() for place in (first, last))
            start, end = (max(box["y"] - 9, 0) if box else 0 for box in (top, bottom))
            page.screenshot(path=folder / name, full_page=True, clip={"x": 0, "y": start, "width": WIDE, "height": end - start})
            page.close()
            Image.open(folder / name).quantize(COLORS).save(folder / name, optimize=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
