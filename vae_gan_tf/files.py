"""Files of a run and of a figure: written whole, read with one sentence where they are damaged."""

import contextlib
import glob
import json
import os
import platform
import re
import shutil
import time
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import tensorflow as tf

from vae_gan_tf.errors import UserError

TEMPORARY = ".tmp-"
"""What the name of a file or folder has before its ending until it is written to its end; then come
the machine and the process that write it."""

OLD = 24 * 3600
"""Seconds after which what another machine has left is deleted."""

LARGEST = 2**1000
"""Whole numbers from here on are no floats."""

_writes = True


def write_nothing() -> None:
    """Has `write_whole` write nothing from now on, where another process writes the same files."""
    global _writes
    _writes = False


@contextlib.contextmanager
def writing(path: Path, remedy: str = "") -> Iterator[None]:
    """Makes one sentence of what the disk refuses: it is full, or may not be written.

    Args:
        path: what the sentence names.
        remedy: what to do, the end of the sentence.

    Raises:
        UserError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        reason = f"{error.strerror or error}{remedy and '; '}{remedy}"
        raise UserError(f"{path} cannot be written: {reason}") from error
    except tf.errors.OpError as error:
        # The path stands before the reason, and the operation behind it.
        reason = error.message.splitlines()[0].rpartition("; ")[2].partition(" [Op:")[0]
        raise UserError(f"{path} cannot be written: {reason}") from error


@contextlib.contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Replaces a file or a folder by a new one when that is written to its end.

    A process that dies at any moment leaves the old one or the new one, or of a folder none; what
    it leaves beside it is replaced by the next write.

    Args:
        path: of the file or folder; the folder that it is in is made.

    Yields:
        The path to write to, of the same ending, where nothing is.

    Raises:
        UserError: it cannot be written.
    """
    path = Path(path)
    new = path.with_name(f"{path.stem}{TEMPORARY}{_machine()}-{os.getpid()}{path.suffix}")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for old in (new, *_left(path)):
                remove(old)
            yield new
            to_the_disk(new)
            if path.is_dir() and new.is_dir():
                remove(path)
            os.replace(new, path)
            _sync(path.parent)  # the new name alone: others may write there too
        except BaseException:
            with contextlib.suppress(OSError):
                remove(new)
            raise


def is_whole(path: Path) -> bool:
    """Whether a path is not one that `whole` has yet to write to its end."""
    return not re.search(rf"{re.escape(TEMPORARY)}\w+-\d+(\.\w+)?$", path.name)


def _machine() -> str:
    """What tells this machine apart from others on the same disk, in letters and digits."""
    return re.sub(r"\W", "", platform.node())[:20] or "here"


def _left(path: Path) -> list[Path]:
    """What processes that are no more have left of their writes to a path."""
    found = []
    for it in path.parent.glob(f"{glob.escape(path.stem + TEMPORARY)}*{glob.escape(path.suffix)}"):
        middle = it.name.removeprefix(path.stem + TEMPORARY).removesuffix(path.suffix)
        parts = re.fullmatch(r"(\w+)-(\d+)", middle)
        if not parts:
            continue
        with contextlib.suppress(FileNotFoundError):  # another process has deleted it
            here = parts[1] == _machine()
            old = time.time() - it.stat().st_mtime > OLD
            if (here and not _lives(int(parts[2]))) or (not here and old):
                found.append(it)
    return found


def _lives(process: int) -> bool:
    """Whether there is a process of a number on this machine."""
    if os.name == "nt":
        return False  # asking would end it; a folder is written by one process there
    try:
        with contextlib.suppress(PermissionError, OverflowError):  # it is somebody else's
            os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def check_writable(path: Path) -> None:
    """Raises a UserError where a file could not be written, as far as can be told before."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise UserError(f"{path} cannot be written: it is a folder, or in one that is read-only")


def check_folder(path: Path) -> None:
    """Raises a UserError where no file could be put into a folder, which need not be there yet."""
    there = next(it for it in (path, *path.absolute().parents) if it.exists())
    if not there.is_dir():
        raise UserError(f"{path} cannot be written to: {there} is no folder")
    if not os.access(there, os.W_OK):
        raise UserError(f"{path} cannot be written to: {there} is read-only")


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file, or makes it and its folder, in one step.

    Raises:
        UserError: it cannot be written.
    """
    if not _writes:
        return
    with whole(path) as temporary:
        temporary.write_bytes(content)


def to_json(content: Any) -> bytes:
    """Content as the bytes of a json file, indented."""
    return (json.dumps(content, indent=1) + "\n").encode()


def write_json(path: Path, content: Any) -> None:
    """Writes content as a json file.

    Raises:
        UserError: it cannot be written.
    """
    write_whole(path, to_json(content))


def read_json(path: Path, kind: Any, remedy: str) -> Any:
    """What is in a json file.

    Args:
        path: of the file.
        kind: its type: ``dict[str, Any]``, or a list of a ``TypedDict`` for instance.
        remedy: what to do where the file is damaged, the end of the sentence.

    Raises:
        UserError: the file cannot be read, or holds something else.
    """
    if Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):  # it would hang
        raise UserError(f"{path} cannot be read: it is no file; {remedy}")
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        json.dumps(content, ensure_ascii=False).encode()  # refuses halves of characters
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    except (ValueError, RecursionError) as error:  # no json, or no Unicode
        raise UserError(f"{path} is damaged: it is not json; {remedy}") from error
    if not fits(content, kind):
        raise UserError(f"{path} is damaged: it holds something else than was written; {remedy}")
    return content


@contextlib.contextmanager
def understood(folder: Path) -> Iterator[None]:
    """Makes one sentence of json in a folder that is json and does not hold what is looked for.

    Raises:
        UserError: it does not.
    """
    try:
        yield
    except UserError:
        raise
    except (
        LookupError,
        ArithmeticError,
        TypeError,
        ValueError,
        AttributeError,
        StopIteration,
        RuntimeError,
    ) as error:
        found = f"{type(error).__name__}: {error}"
        raise UserError(
            f"a json file in {folder} does not hold what is shown of it ({found}); restore it"
        ) from error


def fits(value: object, kind: Any) -> bool:
    """Whether a value that was read from json is of a type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if kind is float:
        return type(value) is float or (type(value) is int and abs(value) < LARGEST)
    if origin is typing.NotRequired:
        return fits(value, arguments[0])
    if origin is Annotated:  # with what else must hold of it
        return fits(value, arguments[0]) and all(holds(value) for holds in arguments[1:])
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in arguments)
    if origin is types.UnionType:
        return any(fits(value, each) for each in arguments)
    if origin is list:
        return type(value) is list and all(fits(each, arguments[0]) for each in value)
    if origin is dict:
        return type(value) is dict and all(fits(each, arguments[1]) for each in value.values())
    if typing.is_typeddict(kind):
        return (
            type(value) is dict
            and kind.__required_keys__ <= value.keys()
            and all(
                fits(value[name], its)
                for name, its in typing.get_type_hints(kind, include_extras=True).items()
                if name in value
            )
        )
    return type(value) is kind


def remove(path: Path) -> None:
    """Deletes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def to_the_disk(path: Path) -> None:
    """Returns when a file, or all files of a folder, would outlive a power cut."""
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        _sync(each)


def _sync(path: Path) -> None:
    """Returns when a file, or the names in a folder, would outlive a power cut."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
