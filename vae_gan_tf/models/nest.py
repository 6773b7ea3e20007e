"""Named tensors, in classes that a class may be derived from."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Nest:
    """A frozen dataclass that TensorFlow's functions take and return as a nest of its fields.

    It can be unpacked and indexed as a named tuple can; a class derived from it may have more
    fields, which a named tuple's may not.
    """

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self).values())

    def __len__(self) -> int:
        return len(vars(self))

    def __getitem__(self, index: int) -> Any:
        return tuple(self)[index]

    def __tf_flatten__(self) -> tuple[tuple[()], tuple[Any, ...]]:
        """The fields, as `tf.nest` asks for them."""
        return (), tuple(self)

    @classmethod
    def __tf_unflatten__(cls, metadata: tuple[()], components: tuple[Any, ...]) -> Self:
        """The object again, of its fields."""
        return cls(*components)
