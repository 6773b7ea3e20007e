"""Side information in three forms, and by hand the vectors in which networks see it."""

import numpy as np

from vae_gan_tf.conditions import ImageCondition, LabelCondition

LABELS = np.array([0, 1, 2, 1], np.int32)

CONDITIONS = {
    "labels": (LabelCondition(3), LABELS, [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]),
    "grey images": (
        ImageCondition((2, 1, 1)),
        np.arange(8, dtype=np.float32).reshape(4, 2, 1, 1) / 8,
        [[0, 1 / 8], [2 / 8, 3 / 8], [4 / 8, 5 / 8], [6 / 8, 7 / 8]],
    ),
    "colour images": (
        ImageCondition((1, 1, 3)),
        np.arange(12, dtype=np.float32).reshape(4, 1, 1, 3) / 12,
        np.arange(12).reshape(4, 3) / 12,
    ),
}
