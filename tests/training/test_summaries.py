import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins import projector
from tensorboard.plugins.hparams import metadata

from vae_gan_tf.training.summaries import Summaries, renamed


def read(folder):
    """What TensorBoard itself reads there, every point kept."""
    return EventAccumulator(str(folder), size_guidance={"tensors": 0}).Reload()


def curve(folder, name):
    return [
        (event.step, float(tf.make_ndarray(event.tensor_proto)))
        for event in read(folder).Tensors(name)
    ]


def test_scalars_are_read_back(tmp_path):
    with Summaries(tmp_path) as summaries:
        summaries.begin(0)
        summaries.scalars(1, {"elbo/kl": 2.5, "loss": -1})
        summaries.scalars(2, {"elbo/kl": 3.5})
    assert curve(tmp_path, "elbo/kl") == [(1, 2.5), (2, 3.5)]
    assert curve(tmp_path, "loss") == [(1, -1.0)]


def test_begin_puts_what_came_before_on_the_disk(tmp_path):
    summaries = Summaries(tmp_path)
    summaries.begin(0)
    summaries.scalars(1, {"loss": 4.0})
    summaries.begin(1)
    assert curve(tmp_path, "loss") == [(1, 4.0)]
    summaries.close()


def test_a_point_without_a_file_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="begin"):
        Summaries(tmp_path).scalars(1, {"loss": 4.0})


def test_curves_get_another_prefix():
    assert renamed("test", {"elbo/kl": 1.0, "error": 2.0}) == {"test/kl": 1.0, "test/error": 2.0}


@pytest.mark.parametrize("resumed", [0, 3, 9])
def test_each_step_is_there_once_after_a_kill_and_a_resume(tmp_path, resumed):
    # Twelve files within a second or two: the order cannot come from the time in their names.
    killed = Summaries(tmp_path)  # never closed, as when a process is killed
    for step in range(12):
        if step % 3 == 0:
            killed.begin(step)
        killed.scalars(step + 1, {"loss": step + 1})
    with Summaries(tmp_path) as summaries:
        for step in range(resumed, 15):
            if step % 3 == 0:
                summaries.begin(step)
            summaries.scalars(step + 1, {"loss": 100 + step + 1})
    assert curve(tmp_path, "loss") == [
        (step, step if step <= resumed else 100 + step) for step in range(1, 16)
    ]
    killed.close()


def test_the_order_of_the_files_does_not_depend_on_the_clock(tmp_path):
    with Summaries(tmp_path) as summaries:
        for step in range(120):  # the counter in TensorFlow's names passes 9 and 99: "10" < "9"
            summaries.begin(step)
            summaries.scalars(step + 1, {"loss": step})
    assert curve(tmp_path, "loss") == [(step + 1, step) for step in range(120)]


def test_a_file_that_was_not_named_yet_goes(tmp_path):
    (tmp_path / "events.out.tfevents.1700000000.host.1.0.v2").write_bytes(b"")
    with Summaries(tmp_path) as summaries:
        summaries.begin(10**6)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("events.out.tfevents.01000000.")


def test_images_keep_their_values(tmp_path):
    images = np.random.default_rng(0).uniform(size=(5, 4, 6, 3)).astype("float32")
    with Summaries(tmp_path) as summaries:
        summaries.begin(0)
        summaries.images(7, "prior", images)
    (event,) = read(tmp_path).Tensors("prior")
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
    assert set(read(tmp_path).Tags()["tensors"]) == {"net/code/kernel", "net/code/bias"}
    (event,) = read(tmp_path).Tensors("net/code/kernel")
    left, right, counts = tf.make_ndarray(event.tensor_proto).T
    kernel = model.layers[0].kernel.numpy()
    assert (event.step, counts.sum()) == (9, kernel.size)
    np.testing.assert_allclose([left.min(), right.max()], [kernel.min(), kernel.max()])


def test_the_row_of_the_hparams_tab(tmp_path):
    settings = {"model": "cvae", "rate": 0.5, "epochs": 3, "xla": True, "a": None, "b": (1, 2)}
    with Summaries(tmp_path) as summaries:
        summaries.begin(20)
        summaries.scalars(21, {"loss": 1.0})
        summaries.hparams(settings | {"rate": 0.1}, {"final/old": 1.0})
        summaries.hparams(settings, {"final/elbo": -90.5, "final/error": 0.25})
    final = tmp_path / "final"
    content = read(final).SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    shown = metadata.parse_session_start_info_plugin_data(content).hparams
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in shown.items()}
    assert values == settings | {"a": "None", "b": "(1, 2)"}
    # Nothing but the figures is there: the tab shows every scalar of the folder.
    assert set(read(final).Tags()["tensors"]) == {
        metadata.SESSION_START_INFO_TAG,
        "final/elbo",
        "final/error",
    }
    assert curve(final, "final/elbo") == [(20, -90.5)]
    assert curve(final, "final/error") == [(20, 0.25)]
    assert curve(tmp_path, "loss") == [(21, 1.0)]


@pytest.mark.parametrize("size", [2, 3, 7])
def test_embeddings_are_read_by_the_projector(tmp_path, size):
    rng = np.random.default_rng(0)
    vectors, images = rng.random([5, size]), rng.random([5, 4, 6, 1])
    for _ in range(2):  # a second call takes the place of the first
        with Summaries(tmp_path) as summaries:
            summaries.begin(0)
            summaries.embeddings(vectors, np.array([3, 1, 4, 1, 5]), images)
    config = projector.ProjectorConfig()
    text_format.Parse((tmp_path / "projector_config.pbtxt").read_text(), config)
    (shown,) = config.embeddings
    read = np.loadtxt(tmp_path / shown.tensor_path)
    np.testing.assert_allclose(read[:, :size], vectors, atol=1e-5)
    assert read.shape[1] == max(3, size) and not np.any(read[:, size:])
    assert (tmp_path / shown.metadata_path).read_text().split() == list("31415")
    # A square of thumbnails in the order of the vectors, dark on white.
    width, height = shown.sprite.single_image_dim
    assert (width, height) == (6, 4)
    picture = keras.utils.load_img(tmp_path / shown.sprite.image_path, color_mode="grayscale")
    picture = np.asarray(picture, np.float64) / 255
    assert picture.shape == (12, 18)
    np.testing.assert_allclose(picture[4:8, 6:12], 1 - images[4, ..., 0], atol=0.01)
