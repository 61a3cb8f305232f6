"""A JupyterLab of its own on a copy of the notebooks, and a Chromium to look at it with."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Seconds: against hanging. A busy machine takes ten to start the lab.
PATIENCE = 60.0

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
FLAGS = (
    "--no-sandbox",  # a container's root has no sandbox to offer
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's is too small
    "--disable-background-networking",
)

# Questions that nobody is there to answer, and a notebook that changes under the test.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    # Every cell is in the page then, whether it could be seen or not.
    "notebook-extension/tracker": {"windowingMode": "none"},
}
FOLDERS = {
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_RUNTIME_DIR": "runtime",
}


def browser_path() -> str:
    """Where Chromium or Chrome is. Raises RuntimeError that says how to get one."""
    named = os.environ.get("CHROMIUM")
    on_path = filter(None, map(shutil.which, NAMES))
    installed = filter(os.path.exists, PLACES)
    found = named or next(on_path, None) or next(installed, None)
    if found is None:
        raise RuntimeError(
            "no Chromium or Chrome found: install one (Debian: apt-get install chromium), "
            "or set CHROMIUM to its path"
        )
    return found


@dataclass
class Lab:
    """A JupyterLab that runs. address: with the token that lets a browser in."""

    process: subprocess.Popen
    address: str
    token: str

    def url(self, notebook: str) -> str:
        """The address of a notebook, opened in the lab."""
        return f"{self.address}/lab/tree/{notebook}?token={self.token}"

    def end(self) -> None:
        """End it, and wait until it has; harmless when it has."""
        self.process.terminate()
        if not _ends(self.process, PATIENCE):
            self.process.kill()
            self.process.wait()


@contextmanager
def running_lab(home: Path) -> Iterator[Lab]:
    """A JupyterLab in an empty folder `home`, with settings of its own and a copy of notebooks/.

    Raises RuntimeError with its log if it does not answer.
    """
    shutil.copytree(ROOT / "notebooks", home / "notebooks")
    _write_settings(home)
    log = home / "lab.log"
    with log.open("w") as output:
        lab = _started(home, output)
        try:
            _wait_until_it_answers(lab, log)
            yield lab
        finally:
            lab.end()


def _write_settings(home: Path) -> None:
    for name, settings in SETTINGS.items():
        path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings))


def _started(home: Path, output) -> Lab:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab"),
            "--no-browser",
            "--allow-root",
            "--expose-app-in-browser",  # as window.jupyterapp, by which tests run its commands
            f"--port={port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={home}",
            f"--IdentityProvider.token={token}",
        ],
        env=os.environ | {name: str(home / folder) for name, folder in FOLDERS.items()},
        stdout=output,
        stderr=output,
    )
    return Lab(process, f"http://127.0.0.1:{port}", token)


def _wait_until_it_answers(lab: Lab, log: Path) -> None:
    for _ in range(int(PATIENCE / 0.1)):
        try:
            url = f"{lab.address}/api?token={lab.token}"
            return urllib.request.urlopen(url, timeout=PATIENCE).close()
        except OSError:
            if _ends(lab.process, 0.1):
                break
    raise RuntimeError("JupyterLab did not start:\n" + log.read_text()[-2000:])


def _ends(process: subprocess.Popen, seconds: float) -> bool:
    """Whether it ends within so many seconds."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
