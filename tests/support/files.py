"""Small folders of images, as a user has them."""

import numpy as np
from PIL import Image


def pixels(place, shape=(10, 12, 3)):
    """The pixels of an image, other ones for each place; smooth, so that JPEG keeps them."""
    height, width, channels = shape
    rows, columns = np.mgrid[:height, :width]
    grey = 7 * place + 5 * rows + 2 * columns
    return np.stack([grey + 3 * it for it in range(channels)], -1).astype(np.uint8)


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values[..., 0] if values.shape[-1] == 1 else values).save(path)
    return path


def folder(path, classes=("cat", "dog"), count=20, shape=(10, 12, 3), ending="png", parts=("",)):
    """A folder of so many images a class."""
    for part in parts:
        for label, name in enumerate(classes):
            for place in range(count):
                values = pixels(place, shape) + np.uint8(label)
                save(path / part / name / f"{place:02d}.{ending}", values)
    return path
