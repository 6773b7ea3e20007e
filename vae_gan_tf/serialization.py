"""How the package's objects are saved with a Keras model and found again."""

import keras

registered = keras.saving.register_keras_serializable("vae_gan_tf")
"""Decorator of a class that Keras is to save and load."""


class Configured:
    """An object made again from the arguments in its config; networks and objects among them too.

    A subclass lists in ``arguments`` the constructor's arguments, which are attributes as well.
    """

    arguments: tuple[str, ...] = ()

    def get_config(self) -> dict:
        """The constructor's arguments, serialized."""
        return serialized({name: getattr(self, name) for name in self.arguments})

    @classmethod
    def from_config(cls, config: dict):
        """The object that ``get_config`` describes."""
        return cls(
            **{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()}
        )


def serialized(values: dict) -> dict:
    """Each value in the form in which Keras saves it."""
    return {name: keras.saving.serialize_keras_object(value) for name, value in values.items()}
