import pytest

from vae_gan_tf.evaluation import scores


@pytest.fixture(scope="session")
def digits(mnist):
    """Real digits under the shipped judge."""
    return scores.judged(*mnist.test.at(slice(300)).arrays(), "mnist-classifier")
