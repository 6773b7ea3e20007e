"""What is in the package's source distribution and its wheel."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BUILD = """
import setuptools.build_meta as it, sys
folder = sys.argv[1]  # setuptools changes sys.argv
it.build_sdist(folder)
it.build_wheel(folder)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of both, built from a copy, for setuptools writes beside it."""
    folder = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "runs")
    shutil.copytree(ROOT, folder / "copy", ignore=ignored)
    subprocess.run(
        [sys.executable, "-c", BUILD, folder], cwd=folder / "copy", check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module")
def packed(built):
    """The files of the source distribution."""
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        return {name.partition("/")[2] for name in file.getnames()}


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        "README.md",
        "LICENSE",
        "pyproject.toml",
        "vae_gan_tf/**/*.py",
        "vae_gan_tf/data/mnist/*",
        "vae_gan_tf/pretrained/*.npz",
        "tests/**/*.py",
        "reproduce/*.py",
        "docs/*.md",
        "figures/*.json",
        "figures/*.png",
        "constraints.txt",
        "CITATION.cff",
    ],
)
def test_the_source_distribution_holds_what_its_readme_and_tests_need(pattern, packed):
    wanted = {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
    assert wanted and wanted <= packed


@pytest.mark.slow
def test_the_wheel_brings_the_command_and_what_ships(built):
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
        (commands,) = (name for name in names if name.endswith("entry_points.txt"))
        assert b"vae-gan-tf = vae_gan_tf_command:main" in wheel.read(commands)
    wanted = [ROOT / "vae_gan_tf_command.py", *(ROOT / "vae_gan_tf").rglob("*")]
    for file in wanted:
        if file.is_file() and "__pycache__" not in file.parts:
            assert file.relative_to(ROOT).as_posix() in names
    assert not any(name.startswith(("tests", "reproduce", "figures")) for name in names)
