import itertools
import json
from pathlib import Path

import keras
import numpy as np
import pytest
import scipy.linalg
from scipy.ndimage import gaussian_filter

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import metrics, scores


def reader():
    """A judge that reads the label off the first pixel, in tenths; its features are the pixels."""
    image = keras.Input([28, 28, 1])
    last = keras.layers.Dense(10)
    model = keras.Model(image, last(keras.layers.Flatten()(image)))
    weights = np.zeros([784, 10])
    weights[0] = 20 * np.arange(10)  # the j of the greatest 20 p j - j^2 is the nearest to 10 p
    last.set_weights([weights, -(np.arange(10.0) ** 2)])
    return model


def images_of(digits):
    images = np.zeros([len(digits), 28, 28, 1], np.float32)
    images[:, 0, 0, 0] = np.array(digits) / 10
    return images


def seen(features, labels=None, images=None, read=None):
    """Images as a judge of these features sees them."""
    features = np.asarray(features, np.float32)
    images = np.zeros([len(features), 4, 4, 1], np.float32) if images is None else images
    labels = None if labels is None else np.asarray(labels)
    return scores.Judged(images, labels, features, read, np.ones(len(features)))


@pytest.fixture(scope="module")
def digits(mnist):
    """A thousand real digits under the shipped judge."""
    return scores.judged(*mnist.test.at(slice(1000)).arrays())


@pytest.mark.parametrize(
    ("read", "asked", "accuracy"),
    [([0, 1, 2, 3], [0, 1, 2, 3], 1.0), ([0, 1, 2, 3], [0, 1, 2, 9], 0.75), ([5], [6], 0.0)],
)
def test_label_accuracy_is_the_share_read_as_asked(read, asked, accuracy):
    found = scores.label_accuracy(scores.judged(images_of(read), np.array(asked), reader()))
    assert found.value == accuracy
    assert found.error == pytest.approx(np.sqrt(accuracy * (1 - accuracy) / len(read)))


def test_the_judge_gives_the_input_of_its_last_layer():
    found = scores.judged(images_of([3, 0]), classifier=reader())
    np.testing.assert_array_equal(found.features, images_of([3, 0]).reshape(2, -1))
    assert found.read.tolist() == [3, 0] and found.labels is None


def test_accepted_are_images_that_the_judge_is_sure_of():
    images = images_of([0, 3, 9, 3.5])
    found = scores.judged(images, classifier=reader())
    logits = 20 * images[:, 0, 0] * np.arange(10) - np.arange(10) ** 2
    by_hand = np.max(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), axis=1)
    np.testing.assert_allclose(found.certainty, by_hand, rtol=1e-5)  # 0.72, 0.56, 0.72, 0.44
    for certainty, share in ((0.4, 1.0), (0.5, 0.75), (0.7, 0.5), (0.9, 0.0)):
        assert scores.accepted(found, certainty).value == share


NONE = np.zeros(0, int)


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (np.zeros([0, 28, 28, 1]), NONE, r"\[n, 28, 28, 1\] expected"),
        (np.zeros([0, 32, 32, 3]), NONE, r"\[n, 32, 32, 3\] expected"),
        (np.float32(0), np.zeros(1, int), r"\[\] given"),
        (np.zeros([2, 32, 32, 1]), np.zeros(2, int), r"ships for images of shape \[32, 32, 1\]"),
        (np.zeros([2, 28, 28, 1]), np.zeros(3, int), "one integer for each expected"),
        (np.zeros([2, 28, 28, 1]), np.zeros(2), "float64 labels"),
        (np.zeros([2, 28, 28, 1]), np.array([-1, 3]), "labels -1 to 3 given .* reads 0 to 9"),
        (np.zeros([2, 28, 28, 1]), np.array([3, 10]), "labels 3 to 10 given .* reads 0 to 9"),
        (np.full([2, 28, 28, 1], 255), np.zeros(2, int), r"lie in \[0, 1\]"),
        (np.full([2, 28, 28, 1], np.nan), np.zeros(2, int), r"lie in \[0, 1\]"),
    ],
)
def test_images_that_cannot_be_judged_are_one_sentence(images, labels, sentence):
    with pytest.raises(UserError, match=sentence):
        scores.judged(images, labels)


def test_a_judge_of_its_own_takes_images_of_its_shape():
    with pytest.raises(UserError, match=r"\[2, 32, 32, 3\] given, \[n, 28, 28, 1\] expected"):
        scores.judged(np.zeros([2, 32, 32, 3]), classifier=reader())


def vae():
    return pretrained.load_pretrained("vae-mnist")


TEN, LABELS = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
FLAT = np.full([10, 4, 4, 1], 0.5)
OTHER = seen(TEN, LABELS, images=np.zeros([10, 5, 5, 1]))


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
        (lambda: scores.frechet_distance(seen(TEN[:1]), seen(TEN)), "at least two"),
        (lambda: scores.neighbours(seen(TEN), seen(TEN[:5])), "5 neighbours .* set of 5 images"),
        (lambda: scores.neighbours(seen(TEN), seen(TEN), k=0), "0 neighbours"),
        (lambda: scores.all_scores(seen(TEN, LABELS), seen(TEN, LABELS), 11), "parts of 11"),
        (lambda: scores.all_scores(seen(TEN, LABELS), seen(TEN, LABELS), 0), "parts of 0"),
        (lambda: scores.reconstructions(vae(), np.zeros([0, 28, 28, 1]), NONE), "given"),
        *(
            (lambda score=score: score(seen(TEN, LABELS), OTHER), r"\[4, 4, 1\] .* of \[5, 5, 1\]")
            for score in (
                scores.sharpness,
                scores.diversity,
                scores.frechet_distance,
                scores.neighbours,
            )
        ),
    ],
)
def test_what_cannot_be_scored_is_one_sentence(score, sentence):
    with pytest.raises(UserError, match=sentence):
        score()


def test_the_shipped_judge_reads_real_digits_as_its_json_says(mnist):
    figures = Path(__file__).parents[2] / "figures"
    record = json.loads((figures / "classifier.json").read_text())
    accuracy = scores.label_accuracy(scores.judged(*mnist.test.arrays())).value
    assert accuracy == pytest.approx(record["test_accuracy"], abs=1e-4)
    assert accuracy >= 0.993


# Real digits, and what is done to them


def test_real_against_real(digits):
    sharp, diverse = scores.sharpness(digits, digits), scores.diversity(digits, digits)
    for each in (*sharp, diverse.overall, diverse.worst):
        assert each.value == pytest.approx(1, abs=1e-6)
    assert scores.frechet_distance(digits, digits).value == pytest.approx(0, abs=1e-3)
    close = scores.neighbours(digits, digits)
    assert close.precision.value == close.recall.value == close.coverage.value == 1
    assert 1 < close.density.value < 1.5


def test_blurring_is_seen(digits):
    found = [
        scores.sharpness(scores.judged(gaussian_filter(digits.images, (0, s, s, 0))), digits)
        for s in (0.5, 1.0, 2.0)
    ]
    for kind in range(2):
        values = [1, *(each[kind].value for each in found)]
        assert all(after < 0.95 * before for before, after in itertools.pairwise(values))


def test_sharpness_scales_with_the_contrast(digits):
    half = scores.sharpness(digits._replace(images=digits.images / 2), digits)
    assert half.gradient.value == pytest.approx(1 / 2, rel=1e-5)
    assert half.laplacian.value == pytest.approx(1 / 4, rel=1e-5)


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
    generated, real = (seen(np.zeros([3, 1]), images=part) for part in np.split(images, 2))
    found = scores.sharpness(generated, real)
    for score, values in zip(found, (gradients, laplacians), strict=True):
        reference = np.mean(values[3:])
        assert score.value == pytest.approx(np.mean(values[:3]) / reference, rel=1e-5)
        assert score.error == pytest.approx(np.std(values[:3]) / np.sqrt(3) / reference, rel=1e-5)


def test_one_image_repeated(digits):
    again = digits.at(np.zeros(1000, int))._replace(labels=digits.labels)
    diverse = scores.diversity(again, digits)
    assert max(diverse.classes.values()) == pytest.approx(0, abs=1e-3)
    close = scores.neighbours(again, digits)
    assert close.precision.value == 1
    # Its ball has no extent: only the very same image lies in it.
    assert close.recall.value == pytest.approx(1 / 1000)
    assert close.coverage.value < 0.05
    assert scores.frechet_distance(again, digits).value > 100


def test_a_collapsed_class_is_the_worst(digits):
    places = np.arange(1000)
    two = np.flatnonzero(digits.labels == 2)
    places[two] = two[0]
    diverse = scores.diversity(digits.at(places), digits)
    assert diverse.worst.value == pytest.approx(0, abs=1e-3)
    assert diverse.overall.value == pytest.approx(0.9, abs=1e-3)
    assert min(diverse.classes, key=diverse.classes.get) == 2


def test_labels_shuffled(digits):
    random = np.random.default_rng(0)
    shuffled = digits._replace(labels=random.permutation(digits.labels))
    assert scores.label_accuracy(shuffled).value == pytest.approx(0.1, abs=0.03)
    assert scores.diversity(shuffled, digits).overall.value > 1.2


# Scores of features by other means


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


def gaussian(mean, covariance, count=500):
    """Features of exactly this mean and covariance."""
    values = np.random.default_rng(len(mean) + count).normal(size=[count, len(mean)])
    values -= values.mean(axis=0)
    values = values @ np.linalg.inv(np.linalg.cholesky(np.cov(values, rowvar=False))).T
    return seen(mean + values @ np.linalg.cholesky(covariance).T)


MIXED = np.array([[2.0, 0.5, 0], [0.5, 1.0, -0.3], [0, -0.3, 0.4]])


@pytest.mark.parametrize(
    ("mean", "covariance", "other_mean", "other"),
    [
        ([0, 0], np.diag([1.0, 4.0]), [3, 4], np.diag([1.0, 4.0])),
        ([0, 0], np.diag([1.0, 4.0]), [0, 0], np.diag([9.0, 1.0])),
        ([1, 2, 3], MIXED, [0, 2, 5], np.diag([1.0, 2.0, 3.0]) + 0.5),
    ],
)
def test_frechet_distance_of_two_gaussians(mean, covariance, other_mean, other):
    root = np.real(scipy.linalg.sqrtm(covariance @ other))
    shift = np.square(np.subtract(mean, other_mean)).sum()
    expected = shift + np.trace(covariance + other - 2 * root)
    found = scores.frechet_distance(gaussian(mean, covariance), gaussian(other_mean, other, 700))
    assert found.value == pytest.approx(expected, rel=1e-4)


def test_the_error_of_a_frechet_distance_that_is_a_shift(monkeypatch):
    monkeypatch.setattr(scores, "FRECHET_RESAMPLES", 300)
    found = scores.frechet_distance(gaussian([3, 0], np.eye(2)), gaussian([0, 0], np.eye(2)))
    assert found.error == pytest.approx(2 * 3 / np.sqrt(500), rel=0.15)  # of m^2: 2 m sd / sqrt n


def plain_neighbours(generated, real, k):
    """Precision, recall, density and coverage of each image, by the definitions."""

    def ball(points):
        distances = np.linalg.norm(points[:, None] - points, axis=-1)
        return np.sort(distances, axis=1)[:, k]  # the nearest is the point itself

    between = np.linalg.norm(generated[:, None] - real, axis=-1)
    in_real, in_generated = between <= ball(real), between <= ball(generated)[:, None]
    return (
        in_real.any(axis=1),
        in_generated.any(axis=0),
        in_real.sum(axis=1) / k,
        in_real.any(axis=0),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("counts", [(40, 40), (60, 25), (25, 60)])
def test_neighbours_by_the_definitions(k, counts):
    random = np.random.default_rng(sum(counts))
    generated = random.normal(0.7, 0.8, [counts[0], 3]).astype(np.float32)
    real = random.normal(size=[counts[1], 3]).astype(np.float32)
    found = scores.neighbours(seen(generated), seen(real), k)
    for score, values in zip(found, plain_neighbours(generated, real, k), strict=True):
        assert 0 < np.mean(values) < 2
        assert score.value == pytest.approx(np.mean(values))
        assert score.error == pytest.approx(np.std(values) / np.sqrt(len(values)))


def test_all_scores_are_means_over_parts():
    random = np.random.default_rng(0)
    generated = seen(
        random.normal(0.5, 1, [60, 2]), np.arange(60) % 2, random.random([60, 4, 4, 1])
    )
    generated = generated._replace(read=generated.labels)
    real = seen(random.normal(size=[45, 2]), np.arange(45) % 2, random.random([45, 4, 4, 1]))
    found = scores.all_scores(generated, real, 20)
    pairs = [
        (slice(0, 20), slice(0, 20)),
        (slice(20, 40), slice(20, 40)),
        (slice(40, 60), slice(0, 20)),
    ]
    parts = [scores.neighbours(generated.at(one), real.at(other)) for one, other in pairs]
    assert found["recall"].value == pytest.approx(np.mean([each.recall.value for each in parts]))
    first, second, third = (each.recall.error for each in parts)  # the third of the first's images
    assert found["recall"].error == pytest.approx(np.hypot(first + third, second) / 3)
    errors = [each.precision.error for each in parts]
    assert found["precision"].error == pytest.approx(np.sqrt(np.sum(np.square(errors))) / 3)
    distances = [scores.frechet_distance(generated.at(one), real.at(other)) for one, other in pairs]
    assert found["frechet_distance"].value == pytest.approx(
        np.mean([each.value for each in distances])
    )
    assert found["diversity"] == scores.diversity(generated, real).overall
    assert found["label_accuracy"].value == 1


def test_without_labels_classes_are_those_that_are_read(digits):
    found = scores.all_scores(digits._replace(labels=None), digits)
    assert "label_accuracy" not in found
    assert found["diversity"].value == pytest.approx(1)


# Drawing


def test_images_are_drawn_evenly_over_the_labels():
    model = pretrained.load_pretrained("cvae-gan-mnist")
    images, labels = scores.draw(model, 25, seed=3, at_once=10)
    assert images.shape == (25, 28, 28, 1)
    assert labels.tolist() == [*range(10), *range(10), *range(5)]
    np.testing.assert_array_equal(images, scores.draw(model, 25, seed=3, at_once=10)[0])
    assert np.abs(images[:10] - images[10:20]).max(axis=(1, 2, 3)).min() > 0.1
    assert np.abs(images - scores.draw(model, 25, seed=4, at_once=10)[0]).max() > 0.1


def test_a_model_without_labels_is_asked_for_none():
    images, labels = scores.draw(pretrained.load_pretrained("vae-mnist"), 3)
    assert images.shape == (3, 28, 28, 1) and labels is None


@pytest.mark.parametrize(
    ("name", "count", "sentence"),
    [
        ("cvae-left-mnist", 3, "given another side information"),
        ("vae-mnist", 0, "0 images asked for"),
    ],
)
def test_images_that_cannot_be_drawn(name, count, sentence):
    with pytest.raises(UserError, match=sentence):
        scores.draw(pretrained.load_pretrained(name), count)


def test_the_shipped_judge_of_svhn_takes_its_images():
    images = np.random.default_rng(0).random([3, 32, 32, 3])
    assert scores.judged(images).features.shape == (3, 192)
    assert metrics.digit_classifier((32, 32, 3)).dtype_policy.name == "float32"
