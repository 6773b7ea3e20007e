import numpy as np
import pytest
import tensorflow as tf
from support import models
from support.events import read

from vae_gan_tf.training.callbacks import (
    show_pictures,
    show_values,
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
    runs = [read(folder / name) for name in ("train", "validation")]
    return {name: run.Tensors(name) for run in runs for name in run.Tags()["tensors"]}


def test_pictures_are_of_the_model_and_shown_each_epoch(tmp_path, model):
    def pictures(of):
        assert of is model
        return {"black": np.zeros([2, 4, 6, 1]), "white": np.ones([1, 4, 6, 3])}

    points = shown(tmp_path, show_pictures(pictures), model)
    assert points.keys() == {"images/black", "images/white"}
    assert [point.step for point in points["images/black"]] == [10, 20, 30, 40]
    width, height, *pngs = tf.make_ndarray(points["images/black"][0].tensor_proto)
    assert (int(width), int(height), len(pngs)) == (6, 4, 2)


@pytest.mark.parametrize(("every", "steps"), [(1, [10, 20, 30, 40]), (2, [20, 40]), (3, [30])])
def test_values_are_shown_at_an_interval(tmp_path, model, every, steps):
    points = shown(tmp_path, show_values(lambda of: {"scores/recall": 0.5}, every), model)
    assert points.keys() == {"5 scores/recall"}
    assert [point.step for point in points["5 scores/recall"]] == steps
    assert float(tf.make_ndarray(points["5 scores/recall"][0].tensor_proto)) == 0.5


def test_without_an_interval_no_values_are_computed(tmp_path, model):
    def values(of):
        raise AssertionError("values were computed")

    assert not shown(tmp_path, show_values(values, 0), model)


def test_each_weight_is_a_histogram_of_its_own(tmp_path, model):
    points = shown(tmp_path, show_weights, model)
    assert points.keys() == {f"8 weights/{name}" for name in weights_by_name(model)}
    assert len(points) == len(model.trainable_variables)
    # Encoder and decoder have layers of the same names: each weight is a histogram of its own.
    assert {"8 weights/encoder/conv1/kernel", "8 weights/decoder/dense/kernel"} <= points.keys()


def test_weights_by_name_are_the_trainable_ones(model):
    named = weights_by_name(model)
    assert {id(each) for each in named.values()} == {id(each) for each in model.trainable_variables}
    assert named["encoder/mean/kernel"] is model.encoder.get_layer("mean").kernel
