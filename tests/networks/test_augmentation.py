"""What a discriminator is shown of its images, looked for in the images themselves."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError

SIZE = 16
IMAGES = np.random.default_rng(0).uniform(0.1, 1, [50, SIZE, SIZE, 3]).astype(np.float32)


def shown(seed=0, **options):
    """A network of the layers alone."""
    image = x = keras.Input(IMAGES.shape[1:])
    for layer in networks.moved_and_cut(seed, **options):
        x = layer(x)
    return keras.Model(image, x)


def test_what_is_not_for_training_is_left_alone():
    np.testing.assert_array_equal(shown()(IMAGES, training=False), IMAGES)


def test_an_image_is_moved_by_an_eighth_at_most_and_left_black_behind():
    moved = shown(area=0.0)(IMAGES, training=True).numpy()
    found = set()
    for before, after in zip(IMAGES, moved, strict=True):
        fits = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-3, 4)
            for padded in [np.pad(before, [(3, 3), (3, 3), (0, 0)])]
            if np.array_equal(padded[3 - down :, 3 - right :][:SIZE, :SIZE], after)
        ]
        assert len(fits) == 1
        found.add(fits[0])
    assert {abs(each) for move in found for each in move} == {0, 1, 2}
    assert len(found) > 15  # of 25


def test_a_tenth_is_cut_out_wherever():
    cut = shown(shift=0.0)(IMAGES, training=True).numpy()
    black = (cut == 0).all(-1)
    np.testing.assert_array_equal(cut[~black], IMAGES[~black])
    side = SIZE * np.sqrt(0.1)
    corners = set()
    for each in black:
        rows, columns = (np.flatnonzero(each.any(axis)) for axis in (1, 0))
        assert each[np.ix_(rows, columns)].all() and each.sum() == len(rows) * len(columns)
        assert {len(rows), len(columns)} <= {int(side), int(side) + 1}
        corners.add((rows[0], columns[0]))
    assert len(corners) > 30


def test_the_places_are_those_of_the_seed_and_change_from_step_to_step():
    first, again, other = shown(), shown(), shown(1)
    one, two = (first(IMAGES, training=True).numpy() for _ in range(2))
    np.testing.assert_array_equal(again(IMAGES, training=True), one)
    assert (one != two).any((1, 2, 3)).mean() > 0.9
    assert (one != other(IMAGES, training=True).numpy()).any((1, 2, 3)).mean() > 0.9


@pytest.mark.parametrize("seed", [0, 1])
def test_gradients_come_back_from_what_is_shown(seed):
    network = shown(seed)
    x = tf.constant(IMAGES)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            after = network(x, training=True)
            total = tf.reduce_sum(after**3)
        slopes = tape.gradient(total, x)
        again = tf.reduce_sum(slopes**2)
    # Each pixel that is shown is one of the image, so the sums over an image are known.
    np.testing.assert_allclose(
        tf.reduce_sum(slopes, [1, 2, 3]), 3 * tf.reduce_sum(after**2, [1, 2, 3]), rtol=1e-5
    )
    second = outer.gradient(again, x)  # d/dx (3 x^2)^2 = 36 x^3
    np.testing.assert_allclose(
        tf.reduce_sum(second, [1, 2, 3]), 36 * tf.reduce_sum(after**3, [1, 2, 3]), rtol=1e-5
    )


def test_they_can_be_compiled_and_saved():
    network = keras.models.model_from_json(shown().to_json())
    compiled = tf.function(lambda x: network(x, training=True), jit_compile=True)
    after = compiled(tf.constant(IMAGES)).numpy()
    assert 0.1 < (after == 0).mean() < 0.4 and set(after.ravel()) <= {0, *IMAGES.ravel()}
    moves = [layer.get_config() for layer in network.layers if layer.name == "moved"]
    assert [(each["shift"], each["seed"]) for each in moves] == [(1 / 8, 0)]


def test_a_discriminator_sees_real_and_generated_images_moved_alike():
    network = networks.discriminator(
        IMAGES.shape[1:], widen=0.25, augmentation=networks.moved_and_cut()
    )
    assert network.get_layer("conv1").input is network.get_layer("cut").output
    weights = network.trainable_variables, network.non_trainable_variables

    def features():
        return network.stateless_call(*weights, IMAGES, training=True)[0][0].numpy()

    one = features()
    np.testing.assert_array_equal(features(), one)  # until the discriminator itself has learned
    network(IMAGES, training=True)
    assert (features() != one).any()
    plain = networks.discriminator(IMAGES.shape[1:], widen=0.25)
    plain.set_weights(network.get_weights())
    np.testing.assert_array_equal(network(IMAGES)[1], plain(IMAGES)[1])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"shift": -0.1}, "shift=-0.1 given, a share"),
        ({"shift": float("nan")}, "shift=nan given"),
        ({"shift": True}, "shift=True given"),
        ({"area": 1.0}, "area=1.0 given, a share"),
        ({"area": "x"}, "area='x' given"),
        ({"seed": 1.5}, "seed=1.5 given, an integer"),
        ({"seed": True}, "seed=True given"),
    ],
)
def test_what_is_no_place_is_refused(options, sentence):
    with pytest.raises(UserError, match=sentence):
        networks.moved_and_cut(**options)


@pytest.mark.parametrize("options", [{"shift": 3}, {"seed": 0.5}])
def test_the_layer_alone_refuses_what_is_no_place(options):
    with pytest.raises(UserError, match=r"=.* given"):
        networks.augmentation.Moved(**options)


def test_a_seed_may_be_one_of_numpy():
    np.testing.assert_array_equal(
        shown(np.int64(3))(IMAGES, training=True), shown(3)(IMAGES, training=True)
    )


def test_an_augmentation_is_made_of_layers():
    with pytest.raises(UserError, match="augmentation=True given, a sequence of layers"):
        networks.discriminator(IMAGES.shape[1:], augmentation=True)
