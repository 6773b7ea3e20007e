"""Files of a run that are damaged, and others in their places."""

import json
import shutil

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import run
from vae_gan_tf.experiments.flags import Script, parse

NAME = "vae-mnist-smoke-seed0"

DAMAGES = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "null": lambda content: b"null",
    "a number": lambda content: b"3",
    "another list": lambda content: b'[{"a": 1}, 2]',
    "another object": lambda content: b'{"weights": [], "steps": "two"}',
    "not UTF-8": lambda content: b"\xff\xfe{}",
    "deep": lambda content: b"[" * 100_000,
}

FILES = ("settings.json", "record.json", "history.json")


def again(runs_dir, data_dir, mnist):
    flags = ("--preset=smoke", "--architecture=fully_connected", "--units=16", "--latent_size=4")
    asked = ["script", *flags, f"--runs_dir={runs_dir}", f"--data_dir={data_dir}"]
    return run.train(parse(Script("A figure.", ("vae",)), asked), "vae", mnist)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mnist, data_dir):
    folder = tmp_path_factory.mktemp("runs")
    again(folder, data_dir, mnist)
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "runs")
    return tmp_path / "runs" / NAME


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(folder, data_dir, mnist):
    """The sentence that a run in a folder ends in, which leaves all files as they are."""
    before = contents(folder)
    with pytest.raises(UserError) as error:
        again(folder.parent, data_dir, mnist)
    after = contents(folder)
    after.pop(folder / "lock", None), before.pop(folder / "lock", None)
    assert after == before
    return str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_named_and_stays(folder, data_dir, mnist, file, damage):
    path = folder / file
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    sentence = refused(folder, data_dir, mnist)
    assert sentence.count("\n") == 0
    if (file, damage) == ("settings.json", "another object"):  # settings of another run
        assert f"the run in {folder} was begun with" in sentence
    else:
        assert f"{path} is damaged" in sentence and "delete" in sentence


@pytest.mark.slow
@pytest.mark.parametrize("change", [{"losses": None}, {"images": "x"}, {"scores": {}}])
def test_a_record_that_tells_something_else_is_damaged(folder, data_dir, mnist, change):
    path = folder / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert f"{path} is damaged" in refused(folder, data_dir, mnist)


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_the_place_of_a_file(folder, data_dir, mnist, file):
    (folder / file).unlink()
    (folder / file).mkdir()
    assert f"{folder / file} cannot be read: Is a directory" in refused(folder, data_dir, mnist)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["checkpoints", "tensorboard", "lock", "saved_model"])
def test_something_else_in_the_place_of_what_a_run_writes(tmp_path, data_dir, mnist, name):
    folder = tmp_path / NAME
    folder.mkdir()
    if name == "lock":
        (folder / name).mkdir()
    else:
        (folder / name).write_text("mine")
    with pytest.raises(UserError, match=f"{folder}.* cannot be written: .*(directory|exists)"):
        again(tmp_path, data_dir, mnist)
    assert name == "lock" or (folder / name).read_text() == "mine"


@pytest.mark.slow
@pytest.mark.parametrize("trained", ["finished", "begun"])
def test_settings_that_are_gone_are_not_guessed(folder, data_dir, mnist, trained):
    (folder / "settings.json").unlink()
    if trained == "begun":
        (folder / "record.json").unlink()
    assert "settings.json is gone; put it back" in refused(folder, data_dir, mnist)


def test_files_of_somebody_else_stay(folder, data_dir, mnist, monkeypatch):
    (folder / "record.json").unlink()
    strangers = ("checkpoints/step-abc.index", "tensorboard/events.out.tfevents.mine", "notes.txt")
    for name in strangers:
        (folder / name).write_text("mine")
    again(folder.parent, data_dir, mnist)
    assert all((folder / name).read_text() == "mine" for name in strangers)
