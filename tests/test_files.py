import os

import pytest

from vae_gan_tf import files
from vae_gan_tf.errors import UserError
from vae_gan_tf.files import write_whole


def test_a_file_is_made_with_its_folder_and_replaced(tmp_path):
    path = tmp_path / "new" / "a.json"
    for content in (b"first", b"second"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["a.json"]


def test_a_write_that_fails_leaves_the_file_before(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    write_whole(path, b"first")

    def full(*ignored):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(UserError, match=r"a\.json cannot be written: No space left on device"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_whole(tmp_path / "file" / "a.json", b"")


def test_a_process_whose_files_another_writes_leaves_them_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_writes", True)  # as it is to be afterwards
    files.write_nothing()
    write_whole(tmp_path / "a.json", b"of the other")
    assert not list(tmp_path.iterdir())
