"""The history of a run: what each of its epochs gave, in the run folder."""

from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np

from vae_gan_tf.errors import UserError
from vae_gan_tf.files import read_json, to_json, write_whole


class Entry(TypedDict):
    """What an epoch gave, or the part of it before an interruption."""

    step: int
    """Steps of the run when it ended."""
    seconds: float
    """Wall time of the run until then, the parts before a resume included."""
    losses: dict[str, float]
    """The terms of the loss by name, each a mean over the steps since the entry before."""
    validation: NotRequired[dict[str, float]]
    """The bound on the validation images and its parts, in nats an image; of whole epochs only."""


class History:
    """The entries of a run, in ``history.json`` of the run folder.

    The file is written before the checkpoint of the same step: entries of later steps than the
    checkpoint's come from a process that was killed in between, and are dropped.
    """

    def __init__(self, folder: Path, step: int):
        """Reads the file, if there is one.

        Args:
            folder: the run folder.
            step: of the checkpoint that the run goes on from; 0 if there is none.

        Raises:
            UserError: the file is damaged, or tells of more than a first checkpoint and there is
                none.
        """
        self.path = folder / "history.json"
        remedy = "delete it to go on without the curves until now, or the folder to start anew"
        stored = read_json(self.path, list[Entry], remedy) if self.path.exists() else []
        if not step and len(stored) > 1:
            raise UserError(
                f"the run in {folder} had come to step {stored[-1]['step']}, and its checkpoints "
                "are gone; put them back, or delete that folder to start anew"
            )
        if any("elbo/elbo" not in entry.get("validation", {"elbo/elbo": 0}) for entry in stored):
            raise UserError(f"{self.path} is damaged: a validation has no bound; {remedy}")
        self.entries = [entry for entry in stored if entry["step"] <= step]

    def add(
        self,
        step: int,
        seconds: float,
        losses: dict[str, float],
        validation: dict[str, float] | None = None,
    ) -> None:
        """Adds an `Entry` and writes the file, so that it is either the old or the new one.

        Raises:
            UserError: the file cannot be written.
        """
        entry: Entry = {"step": step, "seconds": seconds, "losses": losses}
        if validation is not None:
            entry["validation"] = validation
        self.entries.append(entry)
        self._write()

    def _write(self) -> None:
        write_whole(self.path, to_json(self.entries))

    @property
    def validated(self) -> bool:
        """Whether the newest entry has its validation, which a signal may have stopped."""
        return bool(self.entries) and "validation" in self.entries[-1]

    def validate(self, validation: dict[str, float] | None) -> None:
        """Adds the validation to the newest entry, if there is one, and writes the file."""
        if validation is not None and self.entries:
            self.entries[-1]["validation"] = validation
            self._write()

    @property
    def seconds(self) -> float:
        """The wall time of training and validation up to the newest entry."""
        return self.entries[-1]["seconds"] if self.entries else 0.0

    @property
    def losses(self) -> dict[str, float]:
        """The losses of the newest entry; empty if there is none."""
        return self.entries[-1]["losses"] if self.entries else {}

    @property
    def validations(self) -> list[dict[str, float]]:
        """The validation results of whole epochs, oldest first."""
        return [entry["validation"] for entry in self.entries if "validation" in entry]

    def patience_ended(self, patience: int) -> bool:
        """Whether the bound has not risen above its best for this many epochs (0: never)."""
        bounds = [validation["elbo/elbo"] for validation in self.validations]
        return bool(patience and bounds) and len(bounds) - 1 - int(np.argmax(bounds)) >= patience
