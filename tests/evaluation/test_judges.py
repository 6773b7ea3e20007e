import numpy as np
import pytest
from support.judged import reader

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges


def test_a_judge_of_an_unknown_name():
    for name in ("digits", "vae-mnist"):  # the second one ships, and is no judge
        with pytest.raises(UserError, match=f"no judge '{name}'; there are mnist-classifier, svhn"):
            judges.load(name)


@pytest.mark.parametrize(
    ("judge", "shape", "classes"),
    [
        ("mnist-classifier", (28, 28, 1), 3),
        ("mnist-classifier", (32, 28, 1), 10),
        ("cvae-simple-mnist", (28, 28, 1), 10),
    ],
)
def test_a_judge_of_other_images_is_refused(judge, shape, classes):
    images = np.zeros([2, *shape], np.uint8)
    split = datasets.Split(images, np.zeros(2, np.int32))
    its = str(pretrained.path(judge))
    data = datasets.Dataset("mine", split, split, split, classes, "", judge=its)
    with pytest.raises(UserError, match=f"is no classifier of {classes} classes of images of"):
        judges.check(data)


def test_a_judge_is_named_or_given():
    model = reader()
    assert judges.chosen(model) is model
    assert judges.chosen("mnist-classifier") is judges.load("mnist-classifier")
    with pytest.raises(UserError, match="no judge given"):
        judges.chosen(None)


@pytest.mark.slow
@pytest.mark.parametrize("name", judges.NETWORKS)
def test_a_shipped_judge_is_its_network_in_float32(name):
    judge, network = judges.load(name), judges.NETWORKS[name]("mixed_bfloat16")
    assert [each.shape for each in judge.weights] == [each.shape for each in network.weights]
    assert judge.output_shape == (None, 10)
    assert {layer.compute_dtype for layer in judge.layers} == {"float32"}
    images = np.random.default_rng(0).random([2, *judge.input_shape[1:]], np.float32)
    assert np.ptp(judge.predict(images, verbose=0)) > 1
