import json

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.training.history import History


def test_a_new_run_has_none(tmp_path):
    history = History(tmp_path, 0)
    assert (history.seconds, history.losses, history.validations) == (0.0, {}, [])
    assert not list(tmp_path.iterdir())


def test_it_is_found_again_as_it_was_written(tmp_path):
    history = History(tmp_path, 0)
    history.add(3, 1.5, {"loss": 8.0})  # an interrupted epoch
    history.add(4, 2.5, {"loss": 7.0}, {"elbo/elbo": -6.0})
    found = History(tmp_path, 4)
    assert found.seconds == 2.5
    assert found.losses == {"loss": 7.0}
    assert found.validations == [{"elbo/elbo": -6.0}]
    assert json.loads((tmp_path / "history.json").read_text())[0] == {
        "step": 3,
        "seconds": 1.5,
        "losses": {"loss": 8.0},
    }


def test_it_forgets_what_the_checkpoint_does_not_know(tmp_path):
    history = History(tmp_path, 0)
    for step in (4, 8):
        history.add(step, 1.0, {})
    assert [entry["step"] for entry in History(tmp_path, 4).entries] == [4]


def test_a_history_without_its_checkpoints_is_refused(tmp_path):
    history = History(tmp_path, 0)
    history.add(10, 1.0, {"loss": 2.0})
    assert not History(tmp_path, 0).entries  # killed before its first checkpoint
    history.add(20, 2.0, {"loss": 1.0})
    with pytest.raises(UserError, match="had come to step 20, and its checkpoints are gone"):
        History(tmp_path, 0)


def test_a_validation_without_a_bound_is_damage(tmp_path):
    History(tmp_path, 0).add(10, 1.0, {"loss": 2.0}, {"elbo/kl": 1.0})
    with pytest.raises(UserError, match="is damaged: a validation has no bound"):
        History(tmp_path, 10)


@pytest.mark.parametrize(
    ("bounds", "patience", "ended"),
    [
        ([], 2, False),
        ([-5, -4, -3], 2, False),
        ([-5, -3, -4], 2, False),
        ([-5, -3, -4, -3.5], 2, True),
        ([-5, -3, -4, -2], 2, False),
        ([-3, -4, -5, -6], 0, False),
    ],
)
def test_patience(tmp_path, bounds, patience, ended):
    history = History(tmp_path, 0)
    for step, bound in enumerate(bounds):
        history.add(step, 0.0, {}, {"elbo/elbo": bound})
    assert history.patience_ended(patience) is ended
