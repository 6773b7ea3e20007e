"""What a run that is killed at an awkward moment leaves, and where a run can take place."""

import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.runs import EPOCH_STEPS, EPOCHS, assert_same_weights, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """The folder of a run that has written its first checkpoint."""
    folder = tmp_path_factory.mktemp("begun")
    train(folder, epochs=1)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model whose run was not broken."""
    return train(tmp_path_factory.mktemp("whole"))[0]


def cut(share):
    return lambda data: data[: int(len(data) * share)]


REST = {
    "an empty index": {"index": cut(0)},
    "half an index": {"index": cut(0.5)},
    "an empty index and no data": {"index": cut(0), "data-00000-of-00001": None},
    "half the data and no index": {"index": None, "data-00000-of-00001": cut(0.5)},
}
"""What is left of the files of a checkpoint, by their endings."""


@pytest.mark.parametrize("rest", REST)
def test_a_run_killed_while_it_writes_its_first_checkpoint_begins_anew(
    tmp_path, begun, whole, rest
):
    shutil.copytree(begun, tmp_path / "killed")
    folder = tmp_path / "killed" / "checkpoints"
    (folder / "checkpoint").unlink()  # TensorFlow writes the list of checkpoints last
    for ending, damage in REST[rest].items():
        path = folder / f"step-4.{ending}"
        path.write_bytes(damage(path.read_bytes())) if damage else path.unlink()
    again, outcome = train(tmp_path / "killed")
    assert outcome.steps == EPOCHS * EPOCH_STEPS
    assert_same_weights(again, whole)


def test_a_run_in_a_thread_trains_as_any_other(tmp_path, whole):
    with ThreadPoolExecutor(1) as pool:
        other, outcome = pool.submit(train, tmp_path / "thread").result()
    assert outcome.steps == EPOCHS * EPOCH_STEPS and not outcome.interrupted
    assert_same_weights(other, whole)
