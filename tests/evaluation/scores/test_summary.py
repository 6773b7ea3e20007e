import math

import numpy as np
import pytest
from support.judged import seen

from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores


@pytest.mark.parametrize("size", [11, 0])
def test_subsets_that_cannot_be_compared(size):
    images = seen(np.arange(20.0).reshape(10, 2), np.arange(10) % 2)
    with pytest.raises(UserError, match=f"subsets of {size} images asked for, and a set has 10"):
        scores.all_scores(images, images, size)


def test_all_scores_are_means_over_subsets():
    random = np.random.default_rng(0)
    generated = seen(
        random.normal(0.5, 1, [60, 2]),
        np.arange(60) % 2,
        random.random([60, 4, 4, 1]),
        np.arange(60) % 2,
    )
    real = seen(random.normal(size=[45, 2]), np.arange(45) % 2, random.random([45, 4, 4, 1]))
    found = scores.all_scores(generated, real, 20)
    pairs = [
        (slice(0, 20), slice(0, 20)),
        (slice(20, 40), slice(20, 40)),
        (slice(40, 60), slice(0, 20)),
    ]
    by_subset = [scores.neighbours(generated.at(one), real.at(other)) for one, other in pairs]
    assert found["recall"].value == pytest.approx(
        np.mean([each.recall.value for each in by_subset])
    )
    first, second, third = (
        each.recall.error for each in by_subset
    )  # the third of the first's images
    assert found["recall"].error == pytest.approx(np.hypot(first + third, second) / 3)
    errors = [each.precision.error for each in by_subset]
    assert found["precision"].error == pytest.approx(np.sqrt(np.sum(np.square(errors))) / 3)
    distances = [scores.frechet_distance(generated.at(one), real.at(other)) for one, other in pairs]
    assert found["frechet_distance"].value == pytest.approx(
        np.mean([each.value for each in distances])
    )
    assert found["diversity"] == scores.diversity(generated, real).overall
    assert found["label_accuracy"].value == 1


def test_without_labels_classes_are_those_that_are_read():
    random = np.random.default_rng(0)
    read = np.arange(40) % 2
    real = seen(random.normal(size=[40, 2]), read, random.random([40, 4, 4, 1]), read)
    found = scores.all_scores(real._replace(labels=None), real, frechet_resamples=2)
    assert "label_accuracy" not in found and "colour_variety" not in found
    shares = scores.class_shares(real, 2)
    assert (found["rarest_class"], found["commonest_class"]) == tuple(shares)
    assert found["diversity"].value == pytest.approx(1)


def test_all_scores_of_equal_seeds_do_not_depend_on_the_resamples_but_in_their_errors():
    random = np.random.default_rng(1)
    one, other = (
        seen(random.normal(size=[30, 2]), np.arange(30) % 2, random.random([30, 4, 4, 1]))
        for _ in range(2)
    )
    many, few, none = (
        scores.all_scores(one, other, frechet_resamples=each)["frechet_distance"]
        for each in (50, 2, 0)
    )
    assert many.value == few.value == none.value
    assert many.error != few.error and math.isnan(none.error)
