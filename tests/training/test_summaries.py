import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from support.events import curve, read, tags
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import metadata

from vae_gan_tf.training.summaries import Summaries


def test_one_quantity_is_one_tag_of_two_runs(tmp_path):
    with Summaries(tmp_path) as summaries:
        summaries.begin(0)
        summaries.scalars(1, {"generator/kl": 2.5, "loss": -1})
        summaries.scalars(2, {"generator/kl": 3.5})
        summaries.validation(2, {"elbo/kl": 4.5})
    assert curve(tmp_path / "train", "2 elbo/kl") == [(1, 2.5), (2, 3.5)]
    assert curve(tmp_path / "train", "1 loss") == [(1, -1.0)]
    assert curve(tmp_path / "validation", "2 elbo/kl") == [(2, 4.5)]


def test_begin_puts_what_came_before_on_the_disk(tmp_path):
    summaries = Summaries(tmp_path)
    summaries.begin(0)
    summaries.scalars(1, {"loss": 4.0})
    summaries.validation(1, {"loss": 5.0})
    summaries.begin(1)
    assert curve(tmp_path / "train", "1 loss") == [(1, 4.0)]
    assert curve(tmp_path / "validation", "1 loss") == [(1, 5.0)]
    summaries.close()


def test_a_text_and_a_graph_are_shown_where_the_training_begins(tmp_path):
    @tf.function
    def double(x):
        return 2 * x

    graph = double.get_concrete_function(tf.constant(1.0)).graph
    with Summaries(tmp_path) as summaries:
        summaries.begin(5)
        summaries.text("1 run", "A **VAE**.")
        summaries.graph(graph)
    shown = read(tmp_path / "train")
    (text,) = shown.Tensors("1 run")
    assert (text.step, tf.make_ndarray(text.tensor_proto).item()) == (5, b"A **VAE**.")
    assert {node.op for node in shown.Graph().node} >= {"Mul", "Placeholder"}


def test_images_keep_their_values(tmp_path):
    images = np.random.default_rng(0).uniform(size=(5, 4, 6, 3)).astype("float32")
    with Summaries(tmp_path) as summaries:
        summaries.begin(0)
        summaries.images(7, "prior", images)
    (event,) = read(tmp_path / "validation").Tensors("images/prior")
    width, height, *pngs = tf.make_ndarray(event.tensor_proto)
    assert (event.step, int(width), int(height), len(pngs)) == (7, 6, 4, 5)
    for png, image in zip(pngs, images, strict=True):
        shown = keras.utils.img_to_array(keras.utils.load_img(io.BytesIO(png))) / 255
        np.testing.assert_allclose(shown, image, atol=1 / 255)


def test_histograms_count_every_value_under_its_name(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="code")], name="net")
    with Summaries(tmp_path) as summaries:
        summaries.begin(0)
        summaries.histograms(9, {variable.path: variable for variable in model.trainable_variables})
    kernel_tag, bias_tag = "8 weights/net/code/kernel", "8 weights/net/code/bias"
    assert tags(tmp_path / "train") == {kernel_tag, bias_tag}
    (event,) = read(tmp_path / "train").Tensors(kernel_tag)
    left, right, counts = tf.make_ndarray(event.tensor_proto).T
    kernel = model.layers[0].kernel.numpy()
    assert (event.step, counts.sum()) == (9, kernel.size)
    np.testing.assert_allclose([left.min(), right.max()], [kernel.min(), kernel.max()])


@pytest.mark.parametrize("name", ["cvae-mnist-report-seed0", "draw-gan-svhn_small-quick-seed12"])
def test_the_row_of_the_hparams_tab(tmp_path, name):
    settings = {"1 model": "cvae", "rate": 0.5, "epochs": 3, "xla": True, "a": None, "b": (1, 2)}
    with Summaries(tmp_path) as summaries:
        summaries.begin(10)
        summaries.validation(10, {"elbo/elbo": -91.0})
        for rate, error in ((0.1, 1.0), (0.5, 0.25)):  # the second takes the place of the first
            summaries.begin(20)
            summaries.hparams(name, settings | {"rate": rate}, {"test/error": error})
    folder = tmp_path / "validation"
    content = read(folder).SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    shown = metadata.parse_session_start_info_plugin_data(content)
    assert shown.group_name == name
    values = {name: getattr(it, it.WhichOneof("kind")) for name, it in shown.hparams.items()}
    assert values == settings | {"a": "None", "b": "(1, 2)"}
    assert curve(folder, "final/test_error") == [(20, 0.25)]
    assert curve(folder, "2 elbo/elbo") == [(10, -91.0)]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_embeddings_are_read_by_the_projector(tmp_path, size):
    rng = np.random.default_rng(0)
    vectors, images = rng.random([5, size]), rng.random([5, 4, 6, 1])
    for _ in range(2):  # a second call takes the place of the first
        with Summaries(tmp_path) as summaries:
            summaries.begin(0)
            summaries.embeddings(vectors, np.array([3, 1, 4, 1, 5]), images)
    config = projector.ProjectorConfig()
    folder = tmp_path / "validation"
    text_format.Parse((folder / "projector_config.pbtxt").read_text(), config)
    (shown,) = config.embeddings
    vectors_read = np.loadtxt(folder / shown.tensor_path)
    np.testing.assert_allclose(vectors_read[:, :size], vectors, atol=1e-5)
    assert vectors_read.shape[1] == max(3, size) and not np.any(vectors_read[:, size:])
    assert (folder / shown.metadata_path).read_text().split() == list("31415")
    # A square of thumbnails in the order of the vectors, dark on white.
    width, height = shown.sprite.single_image_dim
    assert (width, height) == (6, 4)
    picture = keras.utils.load_img(folder / shown.sprite.image_path, color_mode="grayscale")
    picture = np.asarray(picture, np.float64) / 255
    assert picture.shape == (12, 18)
    np.testing.assert_allclose(picture[4:8, 6:12], 1 - images[4, ..., 0], atol=0.01)
