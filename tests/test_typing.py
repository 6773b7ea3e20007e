"""The hints of the package, as a user's type checker sees them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def checked(tmp_path, name):
    """The lines of a file of `programs/` that mypy refuses."""
    command = [sys.executable, "-m", "mypy", f"--cache-dir={tmp_path}", f"tests/programs/{name}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    found = re.findall(rf"{name}:(\d+): error:", done.stdout)
    assert (done.returncode == 0) == (not found), done.stdout + done.stderr
    return {int(line) for line in found}


@pytest.mark.slow
def test_a_users_program_is_taken_and_misuses_are_refused(tmp_path):
    assert checked(tmp_path, "user.py") == set()
    text = (ROOT / "tests" / "programs" / "misuses.py").read_text().splitlines()
    misuses = {number for number, line in enumerate(text, 1) if "(" in line}
    assert len(misuses) == 5
    assert checked(tmp_path, "misuses.py") == misuses


def test_the_package_says_that_it_has_hints():
    assert (ROOT / "vae_gan_tf" / "py.typed").is_file()
    assert "py.typed" in (ROOT / "setup.cfg").read_text()
