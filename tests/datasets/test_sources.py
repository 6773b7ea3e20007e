import pytest
from support import data

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError


@pytest.fixture
def catalogue(monkeypatch):
    """The catalogue, which forgets what the test adds to it."""
    before = dict(datasets.SOURCES)
    yield datasets.SOURCES
    datasets.SOURCES.clear()
    datasets.SOURCES.update(before)


def test_a_data_set_from_outside_is_one_entry(catalogue):
    split = data.noise(20, (4, 6, 3))
    catalogue["toy"] = datasets.Source(
        "Toy", "toys", lambda data_dir, download: data.dataset(split)
    )
    toy = datasets.load("toy")
    assert toy.train is toy.test is split
    assert (toy.name, toy.title, toy.family, toy.judge) == ("toy", "Toy", "toys", None)
    assert datasets.is_local("toy")
    assert datasets.how_to_get("toy") == "it is there and needs nothing."
    assert datasets.names()[-1] == "toy"
    with pytest.raises(UserError, match=r"there is no data set 'tot'; .*, toy, those of TFDS"):
        datasets.load("tot")


def test_a_data_set_that_is_not_here_says_so(catalogue, tmp_path):
    def load(data_dir, download):
        if not download:
            raise UserError(f"There are no toys in {data_dir}")
        return data.dataset(data.noise(20, (4, 6, 1)))

    catalogue["toy"] = datasets.Source(
        title="Toy",
        family="toys",
        load=load,
        is_local=lambda data_dir: (data_dir / "toys").exists(),
        how_to_get="allow its download.",
        judge="toy-classifier",
        in_figures=True,
    )
    assert not datasets.is_local("toy", tmp_path)
    assert datasets.how_to_get("toy") == "allow its download."
    with pytest.raises(UserError, match=f"no toys in {tmp_path}"):
        datasets.load("toy", tmp_path)
    assert datasets.load("toy", tmp_path, download=True).judge == "toy-classifier"


def test_figures_draw_of_svhn_the_small_one():
    drawn = [name for name, source in datasets.SOURCES.items() if source.in_figures]
    assert drawn == ["mnist", "svhn_small"]
    assert datasets.DEFAULT in datasets.SOURCES


def test_mnist_is_told_of(few_digits):
    mnist = datasets.load("mnist")
    assert (mnist.title, mnist.family, mnist.judge) == ("MNIST", "mnist", "mnist-classifier")


@pytest.mark.parametrize("function", [datasets.load, datasets.is_local, datasets.how_to_get])
def test_unknown_name(function):
    with pytest.raises(UserError, match=r"no data set 'cifar'; there are mnist, svhn, svhn_small,"):
        function("cifar")
