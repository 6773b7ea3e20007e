import shutil
import subprocess

import pytest

from vae_gan_tf.experiments import record
from vae_gan_tf.files import fits
from vae_gan_tf.schema import MadeWith


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A git repository with a package of one module, committed."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "a.py").write_text("one = 1")
    (package / "__init__.py").write_text("")
    identity = ["-c", "user.name=test", "-c", "user.email=test"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    monkeypatch.setattr(record, "PACKAGE", package)
    return package


def head(folder):
    command = ["git", "rev-parse", "HEAD"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout.strip()


def test_the_code_is_a_commit_and_whether_it_was_changed(repository):
    code = record._code()
    assert (code["commit"], code["clean"]) == (head(repository), True)
    (repository / "a.py").write_text("one = 2")
    changed = record._code()
    assert (changed["commit"], changed["clean"]) == (head(repository), False)
    assert changed["source"] != code["source"]


def test_a_new_module_is_a_change_and_other_files_are_none(repository):
    (repository.parent / "notes.txt").write_text("mine")
    assert record._code()["clean"]
    (repository / "b.py").write_text("two = 2")
    assert not record._code()["clean"]


def test_a_copy_in_another_repository_has_no_commit_of_it(repository, monkeypatch):
    copy = repository.parent / "copy"
    shutil.copytree(repository, copy)
    monkeypatch.setattr(record, "PACKAGE", copy)
    assert set(record._code()) == {"version", "source"}


def test_without_git_the_code_is_its_version_and_sum(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert set(record._code()) == {"version", "source"}


@pytest.mark.parametrize("there", [True, False])
def test_accelerators_are_named(monkeypatch, tmp_path, there):
    tool = tmp_path / "nvidia-smi"
    if there:
        tool.write_text("#!/bin/sh\necho 'NVIDIA A100, 40960 MiB'")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    details = {"device_name": "A100", "compute_capability": (8, 0)}
    monkeypatch.setattr(record.tf.config, "list_physical_devices", lambda kind: ["gpu"])
    monkeypatch.setattr(
        record.tf.config.experimental, "get_device_details", lambda gpu: dict(details)
    )
    assert record._accelerators() == ["NVIDIA A100, 40960 MiB" if there else "A100, (8, 0)"]


def test_what_results_are_made_with_fits_its_type():
    made = record.made_with()
    assert fits(made, MadeWith)
    assert made["machine"]["processor"] and made["machine"]["memory_gb"] > 0.5
