"""Takes the pictures of docs/watching.md: each tab of TensorBoard in a headless browser.

    python -m pip install selenium tensorboard-plugin-profile
    python tests/by_hand/screenshots.py runs docs/watching

needs Chromium and its driver (Debian: chromium, chromium-driver) and a folder of finished runs. A
third argument chooses tabs by name.
"""

import io
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

TABS = {
    "timeseries": "#timeseries",
    "collapse": "?tagFilter=codes_in_use|elbo/kl#timeseries",
    "adversary": "?tagFilter=generator/drawn|discriminator|loss/(gen|dis)#timeseries",
    "images": "#images",
    "hparams": "#hparams",
    "projector": "#projector",
    "text": "#text",
    "graphs": "#graphs",
    "profile": "#profile",
}
"""The pictures by name, and the address of each."""

SECONDS = 25
"""Seconds that a tab has to show itself."""

SIZE = 1400, 1000
"""Width and height of the window."""

SETTINGS = '{"timeSeriesSettingsPaneOpened": false}'
"""Those of TensorBoard's page."""

COLOURS = 64
"""Colours of a picture: a file is a few tens of kilobytes."""


def serve(folder: Path) -> tuple[subprocess.Popen, str]:
    """TensorBoard on a folder, and its address, once it answers."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = ("tensorboard", "--logdir", str(folder), "--port", str(port), "--load_fast=false")
    server = subprocess.Popen([sys.executable, "-m", "tensorboard.main", *command[1:]])
    address = f"http://localhost:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/data/environment").close()
            return server, address
        except OSError:
            time.sleep(1)
    server.kill()
    raise SystemExit("TensorBoard did not start")


def main(folder: Path, out: Path, *tabs: str) -> None:
    """Writes the PNGs."""
    options = webdriver.ChromeOptions()
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "enable-unsafe-swiftshader"):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--window-size={SIZE[0]},{SIZE[1]}")
    options.binary_location = "/usr/bin/chromium"
    out.mkdir(parents=True, exist_ok=True)
    server, address = serve(folder)
    browser = webdriver.Chrome(options, Service("/usr/bin/chromedriver"))
    try:
        browser.get(address)
        browser.execute_script(f"localStorage.setItem('_tb_global_settings', '{SETTINGS}')")
        for tab in tabs or TABS:
            browser.get("about:blank")
            browser.get(f"{address}/{TABS[tab]}")
            time.sleep(SECONDS)
            picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
            picture.quantize(COLOURS).save(out / f"{tab}.png", optimize=True)
            print(f"Wrote {out / f'{tab}.png'}")
    finally:
        browser.quit()
        server.terminate()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
