from types import SimpleNamespace

import numpy as np
import pytest

from vae_gan_tf.models.vae import VAE


def listen(monkeypatch, note):
    """Calls ``note(z, y)`` with what models give to their decoders."""
    decode = VAE.decode

    def spy(self, z, y=None, *args, **kwargs):
        note(np.asarray(z, np.float64), y)
        return decode(self, z, y, *args, **kwargs)

    monkeypatch.setattr(VAE, "decode", spy)


@pytest.fixture
def decoded(monkeypatch):
    """The codes z and labels y that models give to their decoders, a call an item."""
    seen = []
    listen(monkeypatch, lambda z, y: seen.append(SimpleNamespace(z=z, y=np.asarray(y))))
    return seen


@pytest.fixture
def codes(monkeypatch):
    """The codes z that models give to their decoders, a call an item."""
    seen = []
    listen(monkeypatch, lambda z, _: seen.append(z))
    return seen
