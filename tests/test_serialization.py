import keras
import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import Configured, registered


@registered
class Weighted(Configured):
    arguments = ("weight",)

    def __init__(self, weight):
        self.weight = weight


class Scaled(Weighted):
    """Has an argument that its class does not list."""

    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale


class Named(Scaled):
    arguments = ("weight", "scale")


def test_an_object_is_made_again_from_its_arguments():
    config = keras.saving.serialize_keras_object(Weighted(3.0))
    assert keras.saving.deserialize_keras_object(config).weight == 3.0


def test_an_argument_that_would_be_lost_is_refused():
    with pytest.raises(UserError, match="Scaled takes scale, which would be lost when it is saved"):
        Scaled(weight=1.0).get_config()
    assert Named(weight=1.0, scale=3.0).get_config() == {"weight": 1.0, "scale": 3.0}
