"""Things by name: models, data sets, shipped networks, parts of an image."""

from typing import TypeVar

from vae_gan_tf.errors import UserError

Entry = TypeVar("Entry")


class Catalogue(dict[str, Entry]):
    """A dictionary by name, in which an unknown name is a user's mistake.

    Args:
        kind: what the entries are, for the sentence: "model", "data set".
        entries: by name, in the order in which they are listed.

    Raises:
        UserError: at ``catalogue[name]``, for a name that is not in it.
    """

    def __init__(self, kind: str, entries: dict[str, Entry] | None = None):
        super().__init__(entries or {})
        self.kind = kind

    def __missing__(self, name: str) -> Entry:
        raise UserError(f"there is no {self.kind} {name!r}; there are {', '.join(self)}")
