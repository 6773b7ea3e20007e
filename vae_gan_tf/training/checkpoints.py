"""Checkpoints of a run: save, prune, resume, and the lock of the run folder."""

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock
import keras
import tensorflow as tf

from vae_gan_tf import files
from vae_gan_tf.errors import UserError

KEPT = 3
"""How many checkpoints stay on the disk, the newest ones."""


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Holds the run folder for one process; the system lets go of it when that process dies.

    Args:
        folder: the run folder, made if there is none; the file ``lock`` in it stays behind, but not
            in a folder to which nothing else was written.

    Raises:
        UserError: somebody holds it already, or the folder cannot be written.
    """
    folder = Path(folder)
    path = folder / "lock"
    held = filelock.FileLock(path, blocking=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held.acquire()
        if not path.exists():  # who held it before has deleted it in this moment
            held.release()
            raise filelock.Timeout(str(path))
    except filelock.Timeout:
        raise UserError(
            f"another process is at work in the run folder {folder}; "
            "wait until it ends, or give another folder"
        ) from None
    except OSError as error:
        raise UserError(f"the run folder {folder} cannot be written: {error.strerror}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            if list(folder.iterdir()) == [path]:
                path.unlink()
                folder.rmdir()
        held.release()


class Checkpoints:
    """The newest checkpoints of a run, in ``<folder>/checkpoints``.

    TensorFlow writes a checkpoint under a name of its own, ``step-<step>``, and only then puts
    that name into the small file ``checkpoint`` beside it, by an atomic rename; older ones are
    deleted after that. So a process that is killed at any moment leaves the checkpoint before as
    it was, and the rest of a write that was cut off is deleted by the next ``save``.
    """

    def __init__(self, folder: Path, **trackables: keras.Model | keras.Optimizer | tf.Module):
        """Looks into the folder and writes nothing.

        Args:
            folder: the run folder.
            **trackables: what is saved and restored, by name; models and optimizers have their
                variables already (``build`` was called), for a restore fills existing ones.

        Raises:
            UserError: the file that lists the checkpoints is damaged, or no folder holds them.
        """
        self._folder = _unpatterned(Path(folder)) / "checkpoints"
        if os.path.lexists(self._folder) and not self._folder.is_dir():
            raise UserError(f"{Path(folder) / 'checkpoints'} cannot be written: it is no directory")
        self._checkpoint = tf.train.Checkpoint(**trackables)
        _ = self._checkpoint.save_counter  # made when it is first asked for, and saved too
        state = self._folder / "checkpoint"
        damaged = UserError(
            f"the list of checkpoints {state} is damaged; "
            "delete it to go on from the newest checkpoint beside it"
        )
        try:
            self._manager = tf.train.CheckpointManager(
                self._checkpoint, self._folder, max_to_keep=KEPT, checkpoint_name="step"
            )
        except ValueError:
            raise damaged from None
        if state.exists() and self._manager.latest_checkpoint is None:
            raise damaged

    def save(self, step: int) -> None:
        """Writes the checkpoint ``step-<step>`` and deletes all but the newest `KEPT`.

        Raises:
            UserError: it cannot be written; those before are as they were.
        """
        try:
            with files.writing(self._folder / f"step-{step}"):
                self._manager.save(checkpoint_number=step)
                files.to_the_disk(self._folder)
        finally:
            self._clean()

    def _clean(self) -> None:
        """Deletes what a write that was cut off left behind."""
        listed = self._listed()
        kept = {prefix.name for prefix in (self._all() if listed is None else listed)}
        with suppress(OSError):
            for path in self._folder.glob("step-*"):
                if path.name.split(".")[0] not in kept:
                    files.remove(path)
            for path in self._folder.glob("checkpoint.tmp*"):
                files.remove(path)

    def restore(self) -> bool:
        """Puts the newest checkpoint into the variables.

        Everything is read and compared before the first variable is touched. Where no list has any
        of the checkpoints it is the newest one that is whole: a process that was killed in its
        first checkpoint leaves none.

        Returns:
            Whether there was a checkpoint.

        Raises:
            UserError: the checkpoint is damaged, or other variables are in it than are here.
        """
        listed = self._listed()
        prefixes = self._all() if listed is None else listed
        stored = None
        while prefixes and stored is None:
            prefix = prefixes.pop()
            try:
                stored = _verified_shapes(prefix)
            except UserError as error:
                if listed is not None:
                    raise
                print(error)
        if stored is None:
            return False
        difference = _first_difference(stored, _variables(self._checkpoint))
        if difference:
            raise UserError(
                f"the checkpoint {prefix} is of another architecture: {difference}; "
                "give the settings that it was trained with, or another folder"
            )
        status = self._checkpoint.restore(str(prefix))
        status.assert_existing_objects_matched()
        status.assert_consumed()
        return True

    def _listed(self) -> list[Path] | None:
        """The checkpoints in TensorFlow's list whose files are there, oldest first.

        None where there is no list, or one of others: it may be older than the files beside it.
        """
        state = tf.train.get_checkpoint_state(self._folder)
        named = [Path(prefix) for prefix in state.all_model_checkpoint_paths] if state else []
        own = (it for it in named if it.parent.resolve() == self._folder.resolve())
        return _there(own) or None

    def _all(self) -> list[Path]:
        """The checkpoints whose files are in the folder, oldest first."""
        steps = (re.fullmatch(r"step-(\d+)\.index", path.name) for path in self._folder.glob("*"))
        numbers = sorted(int(step[1]) for step in steps if step)
        return _there(self._folder / f"step-{number}" for number in numbers)


def _unpatterned(folder: Path) -> Path:
    """A folder under a name without the characters of a pattern.

    TensorFlow takes them for a pattern of several files: it could not read back what it wrote, or
    would delete the checkpoints of another run.

    Raises:
        UserError: the folder has such characters, and the system no other name for it.
    """
    if not set(str(folder)) & set("*?[\\"):
        return folder
    if not Path("/proc/self/fd").is_dir():
        raise UserError(
            f"the run folder {folder} has one of the characters * ? [ \\ in its path, which "
            "TensorFlow takes for a pattern of several files; give another folder"
        )
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return Path(f"/proc/self/fd/{os.open(folder, os.O_RDONLY)}")  # open as long as the run


def _there(prefixes: Iterable[Path]) -> list[Path]:
    """Those of the checkpoints whose two files are there."""
    return [prefix for prefix in prefixes if _index(prefix).exists() and _data(prefix).exists()]


def _index(prefix: Path) -> Path:
    """The file of a checkpoint that says which values are where."""
    return prefix.with_name(f"{prefix.name}.index")


def _data(prefix: Path) -> Path:
    """The file of a checkpoint that holds the values."""
    return prefix.with_name(f"{prefix.name}.data-00000-of-00001")


def _verified_shapes(prefix: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of a checkpoint's values by key; each is read, which verifies its checksum."""
    file = _index(prefix)
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        shapes = reader.get_variable_to_shape_map()
        file = _data(prefix)  # a file cut short is an IndexError, other damage an OpError
        for key in shapes:
            reader.get_tensor(key)
    except (tf.errors.OpError, IndexError) as error:
        raise UserError(
            f"the checkpoint file {file} is damaged; "
            "delete it and the run goes on from the checkpoint before"
        ) from error
    return {
        key.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE"): tuple(shape)
        for key, shape in shapes.items()
        if key != "_CHECKPOINTABLE_OBJECT_GRAPH"
    }


def _variables(root: tf.train.Checkpoint) -> dict[str, tf.Variable | keras.Variable]:
    """The variables under the keys of a checkpoint: the shortest way to each from the root."""
    view = tf.train.TrackableView(root)
    keys = {id(root): ""}
    variables = {}
    for parent in view.descendants():  # breadth first
        for name, child in view.children(parent).items():
            if id(child) in keys:
                continue
            escaped = name.replace(".", "..").replace("/", ".S")
            keys[id(child)] = f"{keys[id(parent)]}/{escaped}".removeprefix("/")
            if isinstance(child, tf.Variable | keras.Variable):
                variables[keys[id(child)]] = child
    return variables


def _first_difference(
    stored: dict[str, tuple[int, ...]], here: dict[str, tf.Variable | keras.Variable]
) -> str:
    """A clause about the first variable that is not the same on both sides; empty if none is."""
    for key in sorted(stored.keys() | here.keys()):
        if key not in here:
            return f"it holds {key} of shape {stored[key]}, which this model does not have"
        name, shape = getattr(here[key], "path", key), tuple(here[key].shape)
        if key not in stored:
            return f"it lacks {name} of shape {shape}, which this model has"
        if stored[key] != shape:
            return f"{name} has shape {stored[key]} in it and {shape} in this model"
    return ""
