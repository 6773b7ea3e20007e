import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from support.judged import images_of, reader, seen

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores


@pytest.mark.parametrize(
    ("read", "asked", "accuracy"),
    [([0, 1, 2, 3], [0, 1, 2, 3], 1.0), ([0, 1, 2, 3], [0, 1, 2, 9], 0.75), ([5], [6], 0.0)],
)
def test_label_accuracy_is_the_share_read_as_asked(read, asked, accuracy):
    found = scores.label_accuracy(scores.judged(images_of(read), np.array(asked), reader()))
    assert found.value == accuracy
    assert found.error == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / len(read)))


def test_accepted_are_images_that_the_judge_is_sure_of():
    images = images_of([0, 3, 9, 3.5])
    found = scores.judged(images, judge=reader())
    logits = 20 * images[:, 0, 0] * np.arange(10) - np.arange(10) ** 2
    by_hand = np.max(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), axis=1)
    np.testing.assert_allclose(found.certainty, by_hand, rtol=1e-5)  # 0.72, 0.56, 0.72, 0.44
    for certainty, share in ((0.4, 1.0), (0.5, 0.75), (0.7, 0.5), (0.9, 0.0)):
        assert scores.accepted(found, certainty).value == share


@pytest.mark.parametrize(
    ("read", "certain", "rarest", "commonest"),
    [
        ([0, 0, 0, 1, 2, 2], [1, 1, 1, 1, 1, 1], 1 / 6, 1 / 2),
        ([0, 0, 0, 1, 2, 2], [1, 0, 0, 1, 1, 1], 1 / 4, 1 / 2),
        ([0, 0, 1, 1], [1, 1, 1, 1], 0, 1 / 2),  # none of class 2
        ([0, 1, 2], [0, 0, 0], 0, 0),
    ],
)
def test_shares_of_classes_are_of_accepted_images(read, certain, rarest, commonest):
    judged = seen(np.zeros([len(read), 1]), read=np.array(read))
    found = scores.class_shares(judged._replace(certainty=np.array(certain)), 3)
    for score, share in zip(found, (rarest, commonest), strict=True):
        assert score.value == pytest.approx(share)
        error = np.sqrt(share * (1 - share) / max(sum(certain), 1))
        assert score.error == pytest.approx(error)


def test_variety_of_colours_by_hand():
    random = np.random.default_rng(0)
    images = random.random([9, 4, 5, 3])
    colours = [
        [np.mean(image[..., channel]) - np.mean(image) for channel in range(3)] for image in images
    ]
    squares = [np.sum((colour - np.mean(colours, axis=0)) ** 2) for colour in colours]
    real = seen(np.zeros([9, 1]), images=images)
    nearer = seen(np.zeros([9, 1]), images=0.2 + 0.3 * images)
    for found in scores.colour_variety(nearer, real):
        assert found.value == pytest.approx(0.3, rel=1e-5)
    brighter = seen(np.zeros([9, 1]), images=images + random.random([9, 1, 1, 1]))
    assert scores.colour_variety(brighter, real).overall.value == pytest.approx(1, rel=1e-5)
    grey = seen(np.zeros([9, 1]), images=images[..., :1].repeat(3, axis=-1))
    for found in scores.colour_variety(grey, real):
        assert found.value == pytest.approx(0, abs=1e-6)
    few = seen(np.zeros([2, 1]), images=images[:2])
    pair = np.linalg.norm(np.subtract(*colours[:2])) / np.sqrt(2)
    by_hand = pair / np.sqrt(np.sum(squares) / 8)
    assert scores.colour_variety(few, real).overall.value == pytest.approx(by_hand, rel=1e-5)


def test_colours_that_differ_from_blue_to_yellow_alone_lack_an_axis():
    random = np.random.default_rng(0)
    blue, red = np.array([-1, -1, 2]) / 6**0.5, np.array([1, -1, 0]) / 2**0.5
    towards = np.stack([blue, red])
    amounts = random.permutation(np.repeat([[1, 1], [1, -1], [-1, 1], [-1, -1]], 5, axis=0))
    colours, fewer = (0.5 + (amounts * by) @ towards for by in ([0.2, 0.1], [0.3, 0.04]))
    real, generated = (
        seen(np.zeros([20, 1]), images=each[:, None, None].repeat(4, axis=1))
        for each in (colours, fewer)
    )
    found = scores.colour_variety(generated, real)
    overall = np.sqrt((0.3**2 + 0.04**2) / (0.2**2 + 0.1**2))
    assert found.overall.value == pytest.approx(overall, rel=1e-5)
    assert found.worst.value == pytest.approx(0.4, rel=1e-5)


def test_the_error_of_the_variety_of_colours_is_how_far_it_varies():
    random = np.random.default_rng(0)
    real = seen(np.zeros([2000, 1]), images=random.random([2000, 1, 1, 3]))
    sets = [seen(np.zeros([50, 1]), images=random.random([50, 1, 1, 3])) for _ in range(100)]
    found = [scores.colour_variety(each, real, seed) for seed, each in enumerate(sets)]
    for score in zip(*found, strict=True):
        errors = np.mean([each.error for each in score])
        assert errors == pytest.approx(np.std([each.value for each in score]), rel=0.25)


TEN, LABELS = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
FLAT = np.full([10, 4, 4, 1], 0.5)
OTHER = seen(TEN, LABELS, images=np.zeros([10, 5, 5, 1]))
COLOURS = seen(TEN, images=np.random.default_rng(0).random([10, 4, 4, 3]))
ONE_COLOUR = seen(TEN, images=np.full([10, 4, 4, 3], 0.5))
SHADES = seen(TEN, images=np.linspace(0, 1, 480).reshape(10, 4, 4, 3) * np.array([1.0, 0.5, 0.2]))


@pytest.mark.parametrize(
    ("score", "sentence"),
    [
        (lambda: scores.label_accuracy(seen(TEN)), "label accuracy needs the labels"),
        (lambda: scores.diversity(seen(TEN), seen(TEN, LABELS)), "diversity needs the labels"),
        (lambda: scores.diversity(seen(TEN, LABELS), seen(TEN)), "diversity needs the labels"),
        (lambda: scores.diversity(seen(TEN, LABELS), seen(TEN, range(10))), "one real image of"),
        (
            lambda: scores.diversity(seen(TEN, LABELS), seen(0 * TEN, LABELS)),
            "class 0 .* all alike",
        ),
        (lambda: scores.sharpness(seen(TEN), seen(TEN, images=FLAT)), "without an edge"),
        (lambda: scores.sharpness(seen(TEN), OTHER), r"\[4, 4, 1\] .* of \[5, 5, 1\]"),
        (lambda: scores.diversity(seen(TEN, LABELS), OTHER), r"\[4, 4, 1\] .* of \[5, 5, 1\]"),
        (lambda: scores.colour_variety(OTHER, OTHER), "images with 1 in the place of 3 channels"),
        (lambda: scores.colour_variety(COLOURS, ONE_COLOUR), "real images of one colour"),
        (lambda: scores.colour_variety(COLOURS, SHADES), "or of shades of one given"),
        (lambda: scores.colour_variety(COLOURS, COLOURS.at([0])), "one image given"),
        (lambda: scores.colour_variety(COLOURS, COLOURS, resamples=1), "resamples=1 given"),
        (lambda: scores.diversity(seen(TEN, LABELS), seen(TEN, LABELS), 1.5), "seed=1.5 given"),
        (lambda: scores.class_shares(seen(TEN, read=LABELS), 1), "an integer of at least 2"),
        (lambda: scores.class_shares(seen(TEN, read=LABELS), 2, float("nan")), "not nan"),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(score, sentence):
    with pytest.raises(UserError, match=sentence):
        score()


@pytest.mark.parametrize("channels", [1, 3])
def test_sharpness_of_each_pixel_by_hand(channels):
    images = np.random.default_rng(0).random([6, 4, 5, channels])
    grey = images @ ([0.299, 0.587, 0.114] if channels == 3 else [1.0])
    gradients, laplacians = [], []
    for image in grey:
        gradients.append(
            np.mean(
                [
                    np.hypot(image[i + 1, j] - image[i, j], image[i, j + 1] - image[i, j])
                    for i in range(3)
                    for j in range(4)
                ]
            )
        )
        laplacians.append(
            np.var(
                [
                    image[i - 1, j] + image[i + 1, j] + image[i, j - 1] + image[i, j + 1]
                    - 4 * image[i, j]
                    for i in range(1, 3)
                    for j in range(1, 4)
                ]
            )
        )  # fmt: skip
    generated, real = (seen(np.zeros([3, 1]), images=half) for half in np.split(images, 2))
    found = scores.sharpness(generated, real)
    for score, values in zip(found, (gradients, laplacians), strict=True):
        reference = np.mean(values[3:])
        assert score.value == pytest.approx(np.mean(values[:3]) / reference, rel=1e-5)
        assert score.error == pytest.approx(np.std(values[:3]) / np.sqrt(3) / reference, rel=1e-5)


def test_sharpness_scales_with_the_contrast():
    images = np.random.default_rng(0).random([6, 8, 8, 1])
    full, halved = (seen(np.zeros([6, 1]), images=each) for each in (images, images / 2))
    half = scores.sharpness(halved, full)
    assert half.gradient.value == pytest.approx(1 / 2, rel=1e-5)
    assert half.laplacian.value == pytest.approx(1 / 4, rel=1e-5)


def test_diversity_of_features_drawn_together():
    random = np.random.default_rng(0)
    real, labels = random.normal(5, 1, [60, 3]), np.repeat(range(3), 20)
    shrunk = real.copy()
    for label, share in ((0, 0.5), (1, 0.75), (2, 2.0)):
        mean = real[labels == label].mean(axis=0)
        shrunk[labels == label] = mean + share * (real[labels == label] - mean)
    found = scores.diversity(seen(shrunk, labels), seen(real, labels))
    assert found.classes == pytest.approx({0: 0.5, 1: 0.75, 2: 2.0}, rel=1e-4)
    assert found.overall.value == pytest.approx(3.25 / 3, rel=1e-4)
    assert found.worst.value == pytest.approx(0.5, rel=1e-4)
    few = np.flatnonzero((labels != 1) | (np.arange(60) == 20))
    assert scores.diversity(seen(shrunk[few], labels[few]), seen(real, labels)).classes[1] == 0


def test_the_error_of_the_diversity_is_how_far_it_varies():
    random = np.random.default_rng(0)
    real = seen(random.normal(size=[4000, 3]), np.repeat(range(2), 2000))
    labels = np.repeat(range(2), 50)
    found = [
        scores.diversity(seen(random.normal(size=[100, 3]), labels), real, seed=seed).overall
        for seed in range(100)
    ]
    errors = np.mean([each.error for each in found])
    assert errors == pytest.approx(np.std([each.value for each in found]), rel=0.25)


# Real digits, and what is done to them


@pytest.mark.slow
def test_real_digits_are_as_sharp_and_diverse_as_themselves(digits):
    sharp, diverse = scores.sharpness(digits, digits), scores.diversity(digits, digits)
    for each in (*sharp, diverse.overall, diverse.worst):
        assert each.value == pytest.approx(1, abs=1e-6)


@pytest.mark.slow
def test_blurring_is_seen(digits):
    found = [
        scores.sharpness(
            scores.judged(gaussian_filter(digits.images, (0, s, s, 0)), judge="mnist-classifier"),
            digits,
        )
        for s in (0.5, 1.0, 2.0)
    ]
    for kind in range(2):
        values = [1, *(each[kind].value for each in found)]
        assert all(after < 0.95 * before for before, after in itertools.pairwise(values))


@pytest.mark.slow
def test_one_image_repeated_has_no_diversity(digits):
    again = digits.at(np.zeros(len(digits.images), int))._replace(labels=digits.labels)
    assert max(scores.diversity(again, digits).classes.values()) == pytest.approx(0, abs=1e-3)


@pytest.mark.slow
def test_a_collapsed_class_is_the_worst(digits):
    places = np.arange(len(digits.images))
    two = np.flatnonzero(digits.labels == 2)
    places[two] = two[0]
    diverse = scores.diversity(digits.at(places), digits)
    assert diverse.worst.value == pytest.approx(0, abs=1e-3)
    assert diverse.overall.value == pytest.approx(0.9, abs=1e-3)
    assert min(diverse.classes, key=diverse.classes.get) == 2


@pytest.mark.slow
def test_labels_shuffled(digits):
    random = np.random.default_rng(0)
    shuffled = digits._replace(labels=random.permutation(digits.labels))
    assert scores.label_accuracy(shuffled).value == pytest.approx(0.1, abs=0.05)
    assert scores.diversity(shuffled, digits).overall.value > 1.2
