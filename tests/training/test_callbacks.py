import numpy as np
import pytest
import tensorflow as tf
from support import models
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vae_gan_tf.training.callbacks import (
    show_pictures,
    show_scores,
    show_weights,
    weights_by_name,
)
from vae_gan_tf.training.summaries import Summaries


@pytest.fixture(scope="module")
def model():
    return models.vae()


def shown(folder, callback, model):
    """What TensorBoard reads after a callback was called for four epochs of ten steps."""
    with Summaries(folder) as summaries:
        summaries.begin(0)
        for epochs in (1, 2, 3, 4):
            callback(model, summaries, epochs, 10 * epochs)
    events = EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()
    return {name: events.Tensors(name) for name in events.Tags()["tensors"]}


def test_pictures_are_of_the_model_and_shown_each_epoch(tmp_path, model):
    def pictures(of):
        assert of is model
        return {"black": np.zeros([2, 4, 6, 1]), "white": np.ones([1, 4, 6, 3])}

    points = shown(tmp_path, show_pictures(pictures), model)
    assert points.keys() == {"black", "white"}
    assert [point.step for point in points["black"]] == [10, 20, 30, 40]
    width, height, *pngs = tf.make_ndarray(points["black"][0].tensor_proto)
    assert (int(width), int(height), len(pngs)) == (6, 4, 2)


@pytest.mark.parametrize(("every", "steps"), [(1, [10, 20, 30, 40]), (2, [20, 40]), (3, [30])])
def test_scores_are_shown_at_an_interval(tmp_path, model, every, steps):
    points = shown(tmp_path, show_scores(lambda of: {"recall": 0.5}, every), model)
    assert points.keys() == {"scores/recall"}
    assert [point.step for point in points["scores/recall"]] == steps
    assert float(tf.make_ndarray(points["scores/recall"][0].tensor_proto)) == 0.5


def test_without_an_interval_no_scores_are_computed(tmp_path, model):
    def scores(of):
        raise AssertionError("scores were computed")

    assert not shown(tmp_path, show_scores(scores, 0), model)


def test_each_weight_is_a_histogram_of_its_own(tmp_path, model):
    points = shown(tmp_path, show_weights, model)
    assert points.keys() == weights_by_name(model).keys()
    assert len(points) == len(model.trainable_variables)
    assert {"encoder/conv1/kernel", "decoder/dense/kernel"} <= points.keys()


def test_weights_by_name_are_the_trainable_ones(model):
    named = weights_by_name(model)
    assert {id(each) for each in named.values()} == {id(each) for each in model.trainable_variables}
    assert named["encoder/mean/kernel"] is model.encoder.get_layer("mean").kernel
