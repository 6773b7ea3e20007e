import numpy as np
import pytest
from support import models

from vae_gan_tf import epoch_pictures
from vae_gan_tf.datasets import Split


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("CVAE-GAN", set()),
        ("DRAW", {"canvases"}),
        ("M2", {"confusion"}),
        ("M2 with GAN", {"confusion"}),
    ],
)
def test_each_kind_of_model_has_its_pictures(kind, more):
    model, x, y = models.KINDS[kind](), models.images(6), models.labels(6)
    split = Split(np.uint8(255 * x), y)
    shown = epoch_pictures.shown(model, x[None, :3], x, y, split)
    assert shown.keys() == {"samples", "reconstructions"} | more
    for picture in shown.values():
        assert picture.shape[0] == 1 and picture.ndim == 4
        assert 0 <= picture.min() and picture.max() <= 1
    assert "confusion" not in epoch_pictures.shown(model, x[None, :3], x, y, None)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["DRAW", "conditional DRAW"])
def test_how_draw_draws(kind):
    model, (x, y) = models.KINDS[kind](), (models.images(2), models.labels(2))
    picture = epoch_pictures.drawn(model, x, y)
    height, width = x.shape[1:3]
    one = (4 * (2 * (height + 1) + 1), 4 * (3 * (width + 1) + 1))  # images, canvases, samples
    columns = min(model.steps, 4)
    rows = -(-min(model.steps, 8) // columns)
    assert picture.shape == (rows * (one[0] + 4) + 4, columns * (one[1] + 4) + 4, 3)
    assert 0 <= picture.min() and picture.max() <= 1
    assert np.ptp(picture) > 0.5
