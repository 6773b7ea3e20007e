"""The form in which images of any size and kind are taken: their size, grey or in colour."""

import re
from typing import NamedTuple

import numpy as np
from PIL import Image

from vae_gan_tf.errors import UserError

OWN_SIZE = "own"
"""What stands for the size that images have."""

SMALLEST, LARGEST = 4, 256
"""Pixels of a side that images may have; the networks are for 28 to 128."""

METHOD = "Pillow's bilinear filter, which averages where it shrinks"
"""How images are resized."""


class Form(NamedTuple):
    """What images are made into before they are stored."""

    size: tuple[int, int] | None = None
    """Height and width that all are resized to; None for images that have one size."""
    grey: bool = False
    """Whether colours are left out, by the brightness of ITU-R BT.601."""

    def applied(self, image: Image.Image) -> np.ndarray:
        """An image of mode "L" or "RGB" as uint8 [height, width, channels]."""
        if self.grey:
            image = image.convert("L")
        if self.size:
            height, width = self.size
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        pixels = np.asarray(image)
        return pixels[..., None] if pixels.ndim == 2 else pixels

    def __str__(self) -> str:
        words = []
        if self.size:
            words.append(f"resized to {self.size[0]} x {self.size[1]} by {METHOD}")
        if self.grey:
            words.append("made grey")
        return " and ".join(words)


AS_IT_IS = Form()


def parsed_size(text: str) -> tuple[int, int] | None:
    """Height and width of "H,W", or None of "own", the size that the images have.

    Raises:
        UserError: it is neither.
    """
    if text == OWN_SIZE:
        return None
    found = re.fullmatch(r"([1-9]\d{0,3}),([1-9]\d{0,3})", text, re.ASCII)
    height, width = map(int, found.groups()) if found else (0, 0)
    if not all(SMALLEST <= side <= LARGEST for side in (height, width)):
        raise UserError(
            f"--image_size={text} given, height,width of {SMALLEST} to {LARGEST} pixels expected, "
            f"or {OWN_SIZE}"
        )
    return height, width


def check_size(height: int, width: int, whose: str) -> None:
    """Raises a UserError for images of a size that no network here is for."""
    if not all(SMALLEST <= side <= LARGEST for side in (height, width)):
        raise UserError(
            f"{whose} are of {height} x {width} pixels, {SMALLEST} to {LARGEST} a side expected; "
            "give --image_size=height,width to resize them"
        )
