import pytest

from vae_gan_tf import datasets


@pytest.fixture(scope="session")
def prepared_mnist(tmp_path_factory):
    """A folder of TFDS, and the MNIST that was prepared in it from the files of the package."""
    folder = tmp_path_factory.mktemp("data")
    return folder, datasets.load("mnist", folder)


@pytest.fixture(scope="session")
def data_dir(prepared_mnist):
    return prepared_mnist[0]


@pytest.fixture(scope="session")
def mnist(prepared_mnist):
    return prepared_mnist[1]
