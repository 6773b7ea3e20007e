"""What is in the package's source distribution."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

BUILD = "import setuptools.build_meta as it, sys; it.build_sdist(sys.argv[1])"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The files of the source distribution, built from a copy, for setuptools writes beside it."""
    folder = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "runs")
    shutil.copytree(ROOT, folder / "copy", ignore=ignored)
    subprocess.run(
        [sys.executable, "-c", BUILD, folder], cwd=folder / "copy", check=True, capture_output=True
    )
    (archive,) = folder.glob("*.tar.gz")
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
