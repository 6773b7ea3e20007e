import keras
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import style
from vae_gan_tf.models.adversarial import CVAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.networks import discriminator, fully_connected_decoder, fully_connected_encoder

FINE = 16
"""Points a pixel side at which strokes are drawn."""


def drawn(inside, size=28):
    """An antialiased image [1, size, size, 1] of where ``inside(right, up)`` holds, in pixels."""
    place = (np.arange(size * FINE) + 0.5) / FINE - size / 2
    fine = inside(place[None, :], -place[:, None])
    return fine.reshape(size, FINE, size, FINE).mean(axis=(1, 3))[None, ..., None]


def ring(width, radius=8):
    return drawn(lambda right, up: abs(np.hypot(right, up) - radius) < width / 2)


def stroke(width, tangent, height=20):
    """A straight stroke of some horizontal width whose axis leans to the right by the tangent."""
    return drawn(lambda right, up: (abs(right - tangent * up) < width / 2) & (abs(up) < height / 2))


def bar(width, length, angle, offset=0.0):
    """A rectangle, its axis turned to the right by an angle, its centre off the pixels' corners."""

    def inside(right, up):
        right, up = right - offset, up - 0.7 * offset
        across = right * np.cos(angle) - up * np.sin(angle)
        along = right * np.sin(angle) + up * np.cos(angle)
        return (abs(across) < width / 2) & (abs(along) < length / 2)

    return drawn(inside)


@pytest.mark.parametrize(("width", "off"), [(1.5, 0.21), (2, 0.03), (2.7, 0.03), (5, 0.03)])
@pytest.mark.parametrize("ink", [1.0, 0.4])
def test_thickness_of_a_ring(width, off, ink):
    assert style.thickness(ink * ring(width))[0] == pytest.approx(width, abs=off)


@pytest.mark.parametrize("degrees", [-31, 0, 10, 60, 90])
@pytest.mark.parametrize("width", [2.5, 3.0, 5.0])
@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_thickness_of_a_stroke_at_any_angle(width, degrees, offset):
    image, with_ends = bar(width, 16, np.radians(degrees), offset), width * 16 / (16 + width)
    assert style.thickness(image)[0] == pytest.approx(with_ends, rel=0.06)


@pytest.mark.parametrize(
    ("width", "offset", "expected"),
    [(1, 0.5, 1.0), (1, 0.0, 2.0), (0.5, 0.0, 2.0), (1.5, 0.0, 2.0), (2, 0.0, 2.0), (2, 0.5, 2.0)],
)
def test_thickness_of_a_thin_stroke_on_a_column_of_pixels_and_between_two(width, offset, expected):
    image = drawn(lambda right, up: (abs(right - offset) < width / 2) & (up == up))
    assert style.thickness(image)[0] == pytest.approx(expected * 28 / (28 + expected), abs=0.05)


@pytest.mark.parametrize("blur", [0.0, 0.7, 1.0, 1.5])
def test_thicker_strokes_are_thicker_whatever_the_blur(blur):
    images = np.concatenate([ring(width) for width in (1, 1.5, 2, 3, 4, 6)])
    images = np.clip(gaussian_filter(images, (0, blur, blur, 0)), 0, 1)
    assert np.all(np.diff(style.thickness(images)) > 0)


@pytest.mark.parametrize(
    ("width", "blur", "expected"), [(2, 0.7, 2.6), (4, 0.7, 4.1), (2, 1.0, 3.2), (4, 1.0, 4.3)]
)
def test_what_a_blur_adds(width, blur, expected):
    image = np.clip(gaussian_filter(ring(width), (0, blur, blur, 0)), 0, 1)
    assert style.thickness(image)[0] == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("tangent", [-0.6, -0.2, 0.0, 0.35, 0.6])
@pytest.mark.parametrize("width", [1.5, 4.0])
def test_slant_of_a_stroke(tangent, width):
    assert style.slant(stroke(width, tangent))[0] == pytest.approx(tangent, abs=0.01)


@pytest.mark.parametrize("tangent", [-0.6, 0.0, 0.3, 0.6])
@pytest.mark.parametrize("width", [1.5, 3.0, 5.0])
def test_slant_of_a_bar_by_its_moments_in_closed_form(width, tangent):
    # Along and across a bar the variances are l^2 / 12 and w^2 / 12; turned they give this.
    expected = tangent * (20**2 - width**2) / (20**2 + (width * tangent) ** 2)
    image = bar(width, 20, np.arctan(tangent))
    assert style.slant(image)[0] == pytest.approx(expected, abs=0.01)


def test_slant_does_not_depend_on_place_and_ink():
    image = stroke(2.0, 0.4, height=12)
    moved = np.roll(image, (3, -4), axis=(1, 2))
    wider = np.pad(image, [(0, 0), (0, 3), (5, 4), (0, 0)])
    for other in (moved, 0.3 * image, wider):
        assert style.slant(other)[0] == pytest.approx(style.slant(image)[0], abs=1e-9)
    assert style.slant(image[:, :, ::-1])[0] == pytest.approx(-style.slant(image)[0], abs=1e-9)


def test_an_empty_image_has_neither():
    images = np.concatenate([np.zeros([1, 28, 28, 1]), ring(2)])
    for measure in (style.thickness, style.slant):
        assert np.isnan(measure(images)).tolist() == [True, False]


def test_colour_and_contrast_of_halves():
    image = np.zeros([1, 4, 6, 3])
    image[:, :, :3] = [0.2, 0.4, 0.6]
    image[:, :, 3:] = [0.6, 0.8, 1.0]
    np.testing.assert_allclose(style.mean_colour(image), [[0.4, 0.6, 0.8]])
    # All channels differ by 0.4 between the halves, and the weights of the channels add up to 1.
    np.testing.assert_allclose(style.contrast(image), [0.2])
    green = np.zeros([1, 2, 1, 3])
    green[0, 0, 0, 1] = 1
    np.testing.assert_allclose(style.contrast(green), [0.587 / 2])


BAD_IMAGES = [
    (np.zeros([2, 28, 28]), r"shape \[2, 28, 28\] given"),
    (np.zeros([0, 28, 28, 1]), r"shape \[0, 28, 28, 1\] given"),
    (np.full([2, 28, 28, 1], 255), r"must lie in \[0, 1\]; found 255"),
    (np.full([2, 28, 28, 1], np.nan), r"must lie in \[0, 1\]; found nan"),
]


@pytest.mark.parametrize(("images", "sentence"), BAD_IMAGES)
@pytest.mark.parametrize("measure", [style.thickness, style.slant])
def test_images_that_cannot_be_measured(measure, images, sentence):
    with pytest.raises(UserError, match=sentence):
        measure(images)


@pytest.mark.parametrize("measure", [style.mean_colour, style.contrast])
def test_grey_images_have_no_colour(measure):
    with pytest.raises(UserError, match=r"\[batch, height, width, 3\] expected"):
        measure(np.zeros([2, 28, 28, 1]))


def brightness(images):
    return images.mean(axis=(1, 2, 3))


def constant(values):
    """Images [..., 2, 2, 1] of one brightness each."""
    return np.broadcast_to(np.asarray(values)[..., None, None, None], (*np.shape(values), 2, 2, 1))


def test_kept_is_the_mean_over_targets_of_the_correlation_within_each():
    rng = np.random.default_rng(0)
    before = rng.random(500)
    noise = rng.random(500)
    # Targets differ in level, which must not count, and in how they follow the input.
    after = np.stack([0.5 * before, 0.5 + 0.5 * before, 1 - before, noise], axis=1)
    found = style.kept(brightness, constant(before), constant(after))
    expected = np.mean([1, 1, -1, np.corrcoef(before, noise)[0, 1]])
    assert found.correlation.value == pytest.approx(expected, abs=1e-6)
    assert abs(found.shuffled.value) < 0.15


def test_what_is_kept_is_lost_by_shuffling():
    before = np.random.default_rng(1).random(1000)
    after = np.stack([before] * 3, axis=1)
    found = style.kept(brightness, constant(before), constant(after))
    assert found.correlation.value == pytest.approx(1)
    assert abs(found.shuffled.value) < 0.1
    assert found == style.kept(brightness, constant(before), constant(after))


def test_kept_of_several_values_and_without_empty_images():
    colours = np.random.default_rng(2).random([50, 1, 1, 3])
    images = np.broadcast_to(colours, (50, 4, 4, 3))
    outputs = np.stack([images, images[..., ::-1]], axis=1)
    found = style.kept(style.mean_colour, images, outputs)
    swapped = [np.corrcoef(colours[:, 0, 0, i], colours[:, 0, 0, 2 - i])[0, 1] for i in range(3)]
    assert found.correlation.value == pytest.approx((3 + sum(swapped)) / 6)
    rings = np.concatenate([ring(width) for width in np.linspace(1.5, 5, 10)])
    outputs = rings[:, None].copy()
    outputs[3] = 0
    assert style.kept(style.thickness, rings, outputs).correlation.value == pytest.approx(1)


def test_the_error_of_a_correlation_is_that_of_other_images():
    """Of normal pairs it is (1 - r^2) / sqrt(n), by the delta method."""
    rng = np.random.default_rng(3)
    x, one, two = rng.normal(size=[3, 2000])
    followed = [0.6 * x + 0.8 * noise for noise in (one, two)]
    images = constant(0.5 + x / 20)
    found = style.kept(brightness, images, constant(0.5 + followed[0][:, None] / 20))
    assert found.correlation.value == pytest.approx(np.corrcoef(x, followed[0])[0, 1])
    assert found.correlation.error == pytest.approx(0.64 / np.sqrt(2000), rel=0.2)
    assert found.shuffled.error == pytest.approx(1 / np.sqrt(2000), rel=0.2)
    apart = style.kept(brightness, images, constant(0.5 + np.stack(followed, axis=1) / 20))
    # Their noise is independent, but x is the same: between 1 / sqrt(2) and 1 of the error.
    assert 0.6 < apart.correlation.error / found.correlation.error < 1


UNDEFINED = {
    "outputs that do not vary": (np.arange(6) / 6, [1, 1, 1, 1, 1, 1]),
    "images that do not vary": (np.full(6, 0.5), [1, 2, 3, 4, 5, 6]),
    "all outputs without a measure": (np.arange(6) / 6, [np.nan] * 6),
    "two pairs left": (np.arange(6) / 6, [1, 2, np.nan, np.nan, np.inf, np.nan]),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("what", UNDEFINED)
def test_a_label_without_a_correlation_makes_it_undefined(what):
    before, column = UNDEFINED[what]
    after = np.stack([1 + np.arange(6), column], axis=1)
    found = style.kept(brightness, constant(before), constant(after))
    assert np.isnan(found.correlation).all() and np.isnan(found.shuffled).all()


PAIRS = {
    "another number": ([5, 2, 2, 1], [4, 10, 2, 2, 1]),
    "too few": ([2, 2, 2, 1], [2, 10, 2, 2, 1]),
    "none": ([0, 2, 2, 1], [0, 10, 2, 2, 1]),
    "no targets": ([5, 2, 2, 1], [5, 0, 2, 2, 1]),
    "no axis of targets": ([5, 2, 2, 1], [5, 2, 2, 1]),
    "another size": ([5, 2, 2, 1], [5, 10, 3, 3, 1]),
    "other channels": ([5, 2, 2, 1], [5, 10, 2, 2, 3]),
    "a number": ([], [5, 10, 2, 2, 1]),
    "numbers": ([5], [5]),
}


@pytest.mark.parametrize("mistake", PAIRS)
def test_pairs_that_cannot_be_correlated(mistake):
    images, outputs = PAIRS[mistake]
    with pytest.raises(UserError) as error:
        style.kept(brightness, np.zeros(images), np.zeros(outputs))
    assert f"images of shape {images} and outputs of shape {outputs} given" in str(error.value)


def test_kept_refuses_outputs_that_the_measure_cannot_take():
    with pytest.raises(UserError, match=r"must lie in \[0, 1\]; found 2"):
        style.kept(style.thickness, np.ones([3, 4, 4, 1]), np.full([3, 2, 4, 4, 1], 2))


SHAPE = (4, 4, 1)


def networks_for(condition_size):
    keras.utils.set_random_seed(0)
    sizes = {"condition_size": condition_size, "latent_size": 3, "units": 8}
    return fully_connected_encoder(SHAPE, **sizes), fully_connected_decoder(SHAPE, **sizes)


@pytest.fixture(scope="module", params=[CVAE, CVAEGAN], ids=lambda it: it.__name__)
def model(request):
    cvae = CVAE(*networks_for(10), LabelCondition(10))
    return cvae if request.param is CVAE else CVAEGAN(cvae, discriminator(SHAPE, 11, widen=1 / 16))


X = np.random.default_rng(0).random([5, *SHAPE], np.float32)
Y = np.array([3, 1, 4, 1, 5])


@pytest.mark.slow
def test_transfer_decodes_one_code_with_every_label(model):
    outputs = style.transfer(model, X, Y, seed=7)
    assert outputs.shape == (5, 10, *SHAPE)
    z = model.encode(X, Y).sample(seed=(7, 0))
    for label in range(10):
        expected = model.decode(z, np.full(5, label)).mean()
        np.testing.assert_allclose(outputs[:, label], expected, rtol=1e-5)
    np.testing.assert_array_equal(outputs, style.transfer(model, X, Y, seed=7))
    assert np.any(outputs != style.transfer(model, X, Y, seed=8))
    np.testing.assert_array_equal(outputs[:, [2, 9]], style.transfer(model, X, Y, (2, 9), seed=7))


def test_a_fresh_code_differs_between_columns_of_the_same_label(model):
    kept, fresh = (style.transfer(model, X, Y, [6, 6, 6], 0, each) for each in (False, True))
    assert np.ptp(kept, axis=1).max() == 0
    assert np.all(np.ptp(fresh, axis=1).max(axis=(1, 2, 3)) > 0)
    np.testing.assert_array_equal(fresh, style.transfer(model, X, Y, [6, 6, 6], 0, True))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((X, Y[:3]), "3 pieces of side information given for 5 images"),
        ((X, Y + 6), r"labels must lie in \[0, 9\]; found 7 to 11"),
        ((X, Y, [0, 10]), r"labels must lie in \[0, 9\]; found 10"),
        ((X, Y, []), "no target labels"),
        ((X, Y, [-1]), r"labels must lie in \[0, 9\]; found -1"),
        ((X, Y, [1.7]), r"float.* of shape \[5\] given, integers"),
        ((X, Y, [[1, 2]]), r"shape \[5, 2\] given, integers"),
        ((X, Y.astype(float)), "float64 of shape"),
        ((X[:, :3], Y), r"\[batch, 4, 4, 1\] expected"),
        ((X * 300, Y), r"must lie in \[0, 1\]"),
    ],
)
def test_what_cannot_be_transferred(model, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        style.transfer(model, *arguments)


def test_models_without_labels_are_refused():
    with pytest.raises(UserError, match="without side information"):
        style.transfer(VAE(*networks_for(0)), X, Y)
    with pytest.raises(UserError, match="images given as side information"):
        style.transfer(CVAE(*networks_for(8), ImageCondition((4, 2, 1))), X, Y)
