"""What the package has to know of a data set before it is read."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from vae_gan_tf.datasets.splits import Dataset


def _always(data_dir: str | Path | None) -> bool:
    return True


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a data set comes from: an entry of `datasets.SOURCES`, by the name of the data set.

    The data set that ``load`` returns is given the name, title, family and judge of its entry.
    """

    title: str
    """The name in a figure's titles: "MNIST"."""
    family: str
    """The kind of images: "mnist", "svhn". Of a family a figure draws one data set."""
    load: Callable[[str | Path | None, bool], Dataset]
    """``load(data_dir, download)`` gives it; a UserError says why it cannot."""
    is_local: Callable[[str | Path | None], bool] = _always
    """``is_local(data_dir)``: whether ``load`` needs no download."""
    how_to_get: str = "it is there and needs nothing."
    """One sentence for users who do not have it."""
    licence: str = "The licence of the data is that of its source."
    """One sentence."""
    limits: str = ""
    """One sentence on what models of these images do not know."""
    judge: str | None = None
    """The name of the shipped classifier that reads images drawn after these, if there is one."""
    settings_of: str | None = None
    """The data set whose entry in the presets runs on this one take; None for its own."""
    in_figures: bool = False
    """Whether figures draw it unasked: of a family the first of these that is there, in the order
    of the entries."""
