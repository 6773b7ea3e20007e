"""Callbacks: what TensorBoard is shown of a model after each whole epoch.

A callback is called with the model, the summaries, and the epochs and steps done.
"""

from collections.abc import Callable

import keras
import numpy as np

from vae_gan_tf.training.summaries import Summaries

Callback = Callable[[keras.Model, Summaries, int, int], None]


def show_pictures(pictures: Callable[[keras.Model], dict[str, np.ndarray]]) -> Callback:
    """The callback that shows the pictures [n, height, width, channels] of a model, by name."""

    def show(model: keras.Model, summaries: Summaries, epochs: int, steps: int) -> None:
        for name, images in pictures(model).items():
            summaries.images(steps, name, images)

    return show


def show_values(values: Callable[[keras.Model], dict[str, float]], every: int = 1) -> Callback:
    """The callback that adds values of a model, by name, to the curves of the validation.

    Args:
        values: of a model.
        every: epochs from one point to the next; 0 for none.
    """

    def show(model: keras.Model, summaries: Summaries, epochs: int, steps: int) -> None:
        if every and epochs % every == 0:
            summaries.validation(steps, values(model))

    return show


def show_weights(model: keras.Model, summaries: Summaries, epochs: int, steps: int) -> None:
    """The callback that shows the distribution of each trainable weight."""
    summaries.histograms(steps, weights_by_name(model))


def weights_by_name(model: keras.Model) -> dict[str, keras.Variable]:
    """The trainable weights under "<network>/<layer>/<weight>".

    The network is part of the name, for encoder and decoder name their layers alike.
    """
    named: dict[str, keras.Variable] = {}
    for layer in model.layers:
        inside = (
            weights_by_name(layer)
            if isinstance(layer, keras.Model)
            else {variable.name: variable for variable in layer.trainable_variables}
        )
        named |= {f"{layer.name}/{name}": variable for name, variable in inside.items()}
    return named
