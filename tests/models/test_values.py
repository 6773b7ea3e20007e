"""Values that no model can be trained on, in every form in which a Keras program passes data."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support import models

import vae_gan_tf
from vae_gan_tf import networks
from vae_gan_tf.errors import UserError

pytestmark = [pytest.mark.slow, pytest.mark.every_kind]

LABELLED = [kind for kind in models.KINDS if kind not in (*models.WITHOUT_Y, "CVAE of images")]

FAULTS = {
    "images up to 255": ("images", lambda x: 255 * x),
    "images from -1 to 1": ("images", lambda x: 2 * x - 1),
    "images that are not numbers": ("images", lambda x: np.nan * x),
    "labels from 1 on": ("labels", lambda y: y + 1),
    "labels of -1": ("labels", lambda y: np.where(y == 0, -1, y)),
}
"""What is wrong with a part of the data; it is the last batch alone that has it."""


def faults(kind):
    """The names of the faults that the data of a kind of model can have."""
    return [name for name, (part, _) in FAULTS.items() if part == "images" or kind in LABELLED]


EVERY_FAULT = [(kind, fault) for kind in models.KINDS for fault in faults(kind)]


def spoiled(fault, arrays):
    """Arrays, in tuples and None as they are, of which the second half has the fault."""
    part, spoil = FAULTS[fault]

    def half(array):
        if array is None or (array.ndim == 4) != (part == "images"):
            return array
        middle = len(array) // 2
        return np.concatenate([array[:middle], spoil(array[middle:])]).astype(array.dtype)

    return tf.nest.map_structure(half, arrays)


def batches(x, y, size=10):
    return tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(size)


def validation_arrays(kind, count=20):
    return models.images(count), models.side_information(kind, count)


@pytest.fixture(scope="module")
def compiled():
    """Gives a compiled model of a kind, one for all tests: none of them moves a weight."""
    made = {}

    def of(kind):
        if kind not in made:
            keras.utils.set_random_seed(0)
            made[kind] = models.KINDS[kind]()
            made[kind].compile(keras.optimizers.SGD(0.0))
        made[kind].optimizer.iterations.assign(0)
        return made[kind]

    return of


@pytest.fixture(scope="module")
def idle():
    """Gives a compiled model of a kind whose steps do nothing, for they take long to trace.

    Values are looked at before a step.
    """
    made = {}

    def of(kind):
        if kind not in made:
            model = models.KINDS[kind]()
            model.train_step = model.test_step = lambda data: {"loss": tf.constant(0.0)}
            model.predict_step = lambda data: tf.constant([0.0])
            model.compile(keras.optimizers.SGD(0.0))
            made[kind] = model
        return made[kind]

    return of


@pytest.mark.parametrize(("kind", "fault"), EVERY_FAULT)
def test_fit_refuses_a_data_set(kind, fault, idle):
    with pytest.raises(UserError, match="must lie in"):
        idle(kind).fit(batches(*spoiled(fault, models.arrays(kind, 20))), verbose=0)


@pytest.mark.parametrize(("kind", "fault"), EVERY_FAULT)
def test_evaluate_refuses_a_data_set(kind, fault, idle):
    wrong = spoiled(fault, validation_arrays(kind))
    with pytest.raises(UserError, match="must lie in"):
        idle(kind).evaluate(batches(*wrong), verbose=0)


@pytest.mark.parametrize(("kind", "fault"), [(kind, faults(kind)[-1]) for kind in models.KINDS])
def test_fit_refuses_validation_data(kind, fault, idle):
    wrong = spoiled(fault, validation_arrays(kind))
    with pytest.raises(UserError, match="must lie in"):
        idle(kind).fit(
            batches(*models.arrays(kind, 20)), validation_data=batches(*wrong), verbose=0
        )


@pytest.mark.parametrize("kind", models.KINDS)
def test_predict_refuses_a_data_set(kind, idle):
    x, y = spoiled("images up to 255", validation_arrays(kind))
    given = x if y is None else (x, y)
    with pytest.raises(UserError, match="must lie in"):
        idle(kind).predict(batches((given,), None), verbose=0)


WAYS = {
    "arrays": lambda x, y: (x, y),
    "tensors": lambda x, y: [
        each if each is None else tf.nest.map_structure(tf.constant, each) for each in (x, y)
    ],
    "a data set": lambda x, y: (batches(x, y),),
    "a generator": lambda x, y: (models.generated((x, y)),),
    "a PyDataset": lambda x, y: (models.Batches((x, y)),),
}
"""The arguments of ``fit`` for arrays x and y, by what they are passed as."""


@pytest.mark.parametrize("fault", ["images up to 255", "labels from 1 on"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["CVAE of labels", "CVAE-GAN"])
def test_fit_refuses_the_same_in_every_form_and_goes_on_afterwards(kind, way, fault, compiled):
    model, arrays = compiled(kind), models.arrays(kind, 20)
    with pytest.raises(UserError, match="must lie in"):
        model.fit(*WAYS[way](*spoiled(fault, arrays)), batch_size=None, verbose=0)
    losses = model.fit(*WAYS[way](*arrays), batch_size=None, verbose=0).history.values()
    assert np.all(np.isfinite([*losses]))


def test_a_step_that_is_compiled_by_xla_is_no_way_around():
    sizes = {"latent_size": 4, "units": 8}
    model = vae_gan_tf.CVAE(
        networks.fully_connected_encoder(models.SHAPE, models.CLASSES, **sizes),
        networks.fully_connected_decoder(models.SHAPE, models.CLASSES, **sizes),
        vae_gan_tf.LabelCondition(models.CLASSES),
    )
    model.compile(keras.optimizers.SGD(0.0), jit_compile=True)
    wrong = spoiled("labels from 1 on", models.arrays("CVAE of labels", 20))
    with pytest.raises(UserError, match="must lie in"):
        model.fit(batches(*wrong), verbose=0)


@pytest.mark.parametrize("kind", ["VAE", "CVAE of labels"])
def test_images_of_whole_numbers_mean_the_same_in_every_form(kind, compiled):
    """Either they are refused, or 255 is white; as arrays, tensors and in a data set alike."""

    def losses(way, arrays):
        model = compiled(kind)
        try:
            history = model.fit(*WAYS[way](*arrays), shuffle=False, verbose=0).history
        except UserError:
            return None
        return {name: values[0] for name, values in history.items()}

    x, y = models.arrays(kind, 10)
    numbers = np.round(255 * x).astype(np.uint8)
    found = [losses(way, (numbers, y)) for way in ("arrays", "tensors", "a data set")]
    if found != [None] * 3:
        fractions = losses("arrays", (numbers / np.float32(255), y))
        assert found == [pytest.approx(fractions, rel=1e-4)] * 3


@pytest.mark.parametrize("kind", LABELLED)
def test_labels_are_integers_of_8_bits_too(kind):
    """They are what Keras' own data sets have."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    losses = []
    for dtype in ("int32", "uint8"):
        model.optimizer.iterations.assign(0)
        arrays = tf.nest.map_structure(
            lambda array, dtype=dtype: array if array.ndim == 4 else array.astype(dtype),
            models.arrays(kind, 10),
        )
        history = model.fit(batches(*arrays), verbose=0).history
        losses.append({name: values[0] for name, values in history.items()})
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
