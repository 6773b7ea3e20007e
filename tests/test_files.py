import concurrent.futures
import os
import subprocess
import sys
from typing import Any, NotRequired, TypedDict

import pytest
import tensorflow as tf

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


class Entry(TypedDict):
    step: int
    losses: dict[str, float]
    note: NotRequired[str]


@pytest.mark.parametrize(
    ("value", "kind", "fit"),
    [
        (1, int, True),
        (True, int, False),
        (1, float, True),
        (1.5, int, False),
        (None, dict[str, Any], False),
        ({"a": None}, dict[str, Any], True),
        ({"a": "b"}, dict[str, int], False),
        ([1, 2.5], list[float], True),
        ({}, list[float], False),
        ("text", int | str, True),
        (None, int | str, False),
        ({"step": 1, "losses": {"loss": 2}}, Entry, True),
        ({"step": 1, "losses": {"loss": 2}, "note": "", "more": 1}, Entry, True),
        ({"step": 1, "losses": {"loss": "2"}}, Entry, False),
        ({"step": 1, "losses": {}, "note": 3}, Entry, False),
        ({"losses": {}}, Entry, False),
        ([{"step": 1, "losses": {}}, 3], list[Entry], False),
    ],
)
def test_what_is_of_a_type(value, kind, fit):
    assert files.fits(value, kind) is fit


@pytest.mark.parametrize("content", ['"a\\ud800b"', "[", "\xff"])
def test_what_is_no_json_is_one_sentence(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match=r"a\.json is damaged: it is not json; delete it$"):
        files.read_json(tmp_path / "a.json", str, "delete it")


def test_a_file_that_cannot_be_written_is_told_before(tmp_path):
    files.check_writable(tmp_path / "new" / "a.npz")
    for path in (tmp_path, tmp_path / "file" / "a.npz"):
        (tmp_path / "file").write_text("")
        with pytest.raises(UserError, match="cannot be written"):
            files.check_writable(path)


def test_a_folder_is_replaced_when_the_new_one_is_whole(tmp_path):
    folder = tmp_path / "model"
    for content in ("first", "second"):
        with files.whole(folder) as new:
            new.mkdir()
            (new / content).write_text(content)
    assert [path.name for path in folder.iterdir()] == ["second"]
    with pytest.raises(KeyboardInterrupt), files.whole(folder) as new:
        new.mkdir()
        raise KeyboardInterrupt
    assert [path.name for path in folder.iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_tensorflow_says_of_a_full_disk_is_one_sentence(tmp_path):
    said = f"{tmp_path}/step-1.data; No space left on device [Op:SaveV2]"
    with pytest.raises(UserError, match=r"step-1 cannot be written: No space left on device$"):
        with files.writing(tmp_path / "step-1"):
            raise tf.errors.ResourceExhaustedError(None, None, said)


def test_a_process_whose_files_another_writes_leaves_them_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_writes", True)  # as it is to be afterwards
    files.write_nothing()
    write_whole(tmp_path / "a.json", b"of the other")
    assert not list(tmp_path.iterdir())


def test_a_link_to_nothing_in_the_folder_does_not_matter(tmp_path):
    (tmp_path / ".#notes").symlink_to(tmp_path / "nothing")  # as editors leave them
    files.write_whole(tmp_path / "a.json", b"{}")
    assert (tmp_path / "a.json").read_bytes() == b"{}"


WRITES = """
import sys
from pathlib import Path
from vae_gan_tf.files import write_whole
for number in range(300):
    write_whole(Path(sys.argv[1]), sys.argv[2].encode() * 1000)
"""


def test_two_processes_write_one_file(tmp_path):
    path = tmp_path / "a.json"
    program = [sys.executable, "-c", WRITES, str(path)]
    with subprocess.Popen([*program, "1"]) as one, subprocess.Popen([*program, "2"]) as two:
        assert one.wait() == two.wait() == 0
    assert path.read_bytes() in (b"1" * 1000, b"2" * 1000)
    assert list(tmp_path.iterdir()) == [path]


def test_what_dead_processes_left_is_deleted(tmp_path):
    path = tmp_path / "a.json"
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    here = files._machine()
    old, other = tmp_path / "a.tmp-elsewhere-1.json", tmp_path / "a.tmp-elsewhere-2.json"
    ours = tmp_path / f"a.tmp-{here}-{os.getppid()}.json"
    gone = tmp_path / f"a.tmp-{here}-{dead.pid}.json"
    mine = tmp_path / "a.tmp-x.json"
    for each in (old, other, ours, gone, mine):
        each.write_text("")
    os.utime(old, (0, 0))
    write_whole(path, b"new")
    assert {*tmp_path.iterdir()} == {path, other, ours, mine}
    assert [files.is_whole(it) for it in (path, mine, ours)] == [True, True, False]


def test_a_folder_that_a_dead_process_left_is_deleted(tmp_path):
    left = tmp_path / f"model.tmp-{files._machine()}-99999999"
    left.mkdir()
    (left / "a").write_text("")
    assert not files.is_whole(left)
    with files.whole(tmp_path / "model") as unfinished:
        unfinished.mkdir()
    assert [it.name for it in tmp_path.iterdir()] == ["model"]


def test_what_is_no_file_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(UserError, match="it is no file; delete it"):
        files.read_json(tmp_path / "a.json", dict, "delete it")


def test_several_write_into_one_folder(tmp_path):
    def write(name):
        for number in range(100):
            files.write_whole(tmp_path / f"{name}{number}.json", b"{}")

    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(write, "abcd"))
    assert len(list(tmp_path.iterdir())) == 400


@pytest.mark.parametrize("name", ["file", "file/folder/below"])
def test_a_folder_where_a_file_is(tmp_path, name):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=rf"{name} cannot be written to: .*file is no folder"):
        files.check_folder(tmp_path / name)
    files.check_folder(tmp_path / "new" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
