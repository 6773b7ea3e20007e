"""How the package's objects are saved with a Keras model and found again."""

import inspect
from typing import Any, ClassVar, Self

import keras

from vae_gan_tf.errors import UserError

registered = keras.saving.register_keras_serializable("vae_gan_tf")
"""Decorator of a class that Keras is to save and load."""


class Configured:
    """An object made again from the arguments in its config; networks and objects among them too.

    A subclass lists in ``arguments`` the constructor's arguments, which are attributes as well.
    """

    arguments: ClassVar[tuple[str, ...]] = ()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, serialized.

        Raises:
            UserError: the constructor has an argument that is not in ``arguments``.
        """
        named = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
        for name, parameter in inspect.signature(type(self)).parameters.items():
            if parameter.kind in named and name not in self.arguments:
                raise UserError(
                    f"{type(self).__name__} takes {name}, which would be lost when it is saved: "
                    f"its class must list it, arguments = (..., {name!r}), and keep it as an "
                    "attribute"
                )
        return serialized({name: getattr(self, name) for name in self.arguments})

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object that ``get_config`` describes."""
        return cls(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )


def serialized(values: dict[str, Any]) -> dict[str, Any]:
    """The values by name, each in the form in which Keras saves it."""
    return {name: keras.saving.serialize_keras_object(value) for name, value in values.items()}
