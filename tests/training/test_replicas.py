"""`fit` on two replicas (tf.distribute): the step of one device, with noise of its own on each."""

import os
import subprocess
import sys
from pathlib import Path

import filelock
import numpy as np
import pytest
from support.replicas import KINDS, OPTIMIZERS, OTHERS

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the program saw; gives what is below a name, by the rest of the name."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # the program runs once for all processes
        root = root.parent
    path = root / "replicas.npz"
    program = [sys.executable, "-m", "support.replicas", os.fspath(path)]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    with filelock.FileLock(root / "replicas.lock"):
        if not path.exists():
            subprocess.run(program, check=True, env=os.environ | {"PYTHONPATH": paths})
    found = np.load(path)

    def below(name):
        return {
            key.removeprefix(f"{name}/"): found[key] for key in found if key.startswith(f"{name}/")
        }

    return below


STEPS = [
    (optimizer, kind)
    for optimizer in OPTIMIZERS
    for kind in (KINDS if optimizer == "SGD" else OTHERS)
]


@pytest.mark.parametrize(("optimizer", "kind"), STEPS)
def test_a_step_moves_the_weights_as_on_one_device(optimizer, kind, seen):
    one, two = (seen(f"{optimizer}/{kind}/{place}/moves") for place in ("one", "two"))
    assert one.keys() == two.keys() and max(np.abs(each).max() for each in one.values()) > 1e-4
    for name, moves in one.items():
        np.testing.assert_allclose(two[name], moves, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_shows_the_losses_of_one_device(kind, seen):
    one, two = (seen(f"SGD/{kind}/{place}/shown") for place in ("one", "two"))
    norms = [name for name in one if name.startswith("gradients/")]
    assert norms
    for name in norms:  # the mean of the norms of two parts is no less than that of their mean
        assert two.pop(name) >= one.pop(name) * (1 - 1e-3)
    assert two == {name: pytest.approx(value, rel=1e-3) for name, value in one.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_replica_draws_by_the_seeds_of_one_device(kind, seen):
    one, two = (seen(f"SGD/{kind}/{place}/noise/0") for place in ("one", "two"))
    assert one and one.keys() == two.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(two[name], values)


@pytest.mark.parametrize("kind", KINDS)
def test_each_replica_draws_noise_of_its_own(kind, seen):
    first, second = (seen(f"SGD/{kind}/two/noise/{replica}") for replica in (0, 1))
    assert first and first.keys() == second.keys()
    for name, values in first.items():
        assert not np.any(values == second[name])


@pytest.mark.parametrize("place", ["one", "two"])
def test_no_replica_moves_where_the_gradients_of_one_overflow(place, seen):
    assert seen(f"overflow/{place}") == {"same": True, "scale": 8.0}


def test_the_classes_of_drawn_images_are_even_over_all_replicas(seen):
    one, two = seen("information/one"), seen("information/two")
    assert np.abs(one["gradient"]).max() > 1e-2
    np.testing.assert_allclose(two["cost"], one["cost"], rtol=1e-5)
    np.testing.assert_allclose(two["gradient"], one["gradient"], rtol=1e-4, atol=1e-6)


def test_a_discriminator_is_shown_images_at_other_places_on_each_replica(seen):
    one, two = seen("places/one"), seen("places/two")
    np.testing.assert_array_equal(two["0"], one["0"])
    assert (two["1"] != two["0"]).any((1, 2, 3)).mean() > 0.8


def test_a_replica_without_images_adds_nothing(seen):
    one, two = seen("leftovers/one"), seen("leftovers/two")
    assert two["evaluated"] and two["trained/8"] and two["trained/7"] and two["on_batch"].all()
    np.testing.assert_allclose(two["predicted"], one["predicted"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [3, 4])
def test_batch_normalisation_keeps_averages_over_all_replicas(size, seen):
    kept = seen(f"averages/{size}")
    np.testing.assert_allclose(kept["used"], 0.5 * (0.125 + 0.875) / 2, rtol=1e-5)
    for each in kept["replicas"]:
        np.testing.assert_array_equal(each, kept["used"])


def test_values_are_looked_at_on_replicas_too(seen):
    assert seen("refusal")["error"] == "UserError"
