import pytest
from support import svhn as small

from vae_gan_tf.datasets import svhn


@pytest.fixture
def small_svhn(monkeypatch):
    monkeypatch.setattr(svhn, "SETS", small.SETS)
    monkeypatch.setattr(svhn, "VALIDATION", small.VALIDATION)


@pytest.fixture(scope="session")
def full_copy(tmp_path_factory):
    return small.prepare_copy(tmp_path_factory.mktemp("full"), small.FULL_COPY)


@pytest.fixture(scope="session")
def partial_copy(tmp_path_factory):
    return small.prepare_copy(tmp_path_factory.mktemp("partial"), small.PARTIAL_COPY)
