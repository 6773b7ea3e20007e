import pytest

from vae_gan_tf.training import progress
from vae_gan_tf.training.progress import Progress, duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42 s"), (89.6, "90 s"), (780, "13 min"), (9000, "2.5 h")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text


class Clock:
    """A clock that stands until it is moved on."""

    now = 1000.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def go(clock, told, first, last):
    """Steps of a tenth of a second, the first of which compiles for a minute more."""
    for step in range(first, last):
        clock.now += 60.1 if step == 0 else 0.1
        told.end_step(step + 1, {"loss": 2.0, "elbo/kl": 1.0})


def test_what_is_told_of_a_run(clock, capsys):
    told = Progress(step=0, epochs=2, epoch_steps=50, batch_size=10, seconds=0.0)
    told.begin_epoch(0)
    assert capsys.readouterr().out == "Epoch 1/2\n"
    go(clock, told, 0, 39)
    assert "About" not in capsys.readouterr().out
    go(clock, told, 39, 50)  # after step 40 there are 60 to come
    assert capsys.readouterr().out == "\nAbout 6 s on this machine, at 100 images a second\n"
    told.end_epoch(50, nats=98.5)
    bar = capsys.readouterr().out
    assert bar.startswith("50/50 ") and "loss: 2.0000 - images/s: 100.0000" in bar
    assert "validation nats: 98.5000" in bar and "kl" not in bar
    told.begin_epoch(50)
    assert capsys.readouterr().out == "Epoch 2/2, about 5 s left\n"
    assert told.seconds == pytest.approx(65.0)


def test_what_is_told_of_a_run_that_goes_on(clock, capsys):
    told = Progress(step=70, epochs=3, epoch_steps=50, batch_size=10, seconds=500.0)
    told.begin_epoch(70)
    assert capsys.readouterr().out == "Epoch 2/3\n"
    go(clock, told, 70, 100)
    told.end_epoch(100, nats=1.0)
    assert capsys.readouterr().out.startswith("30/30 ")
    told.begin_epoch(100)
    assert capsys.readouterr().out == "Epoch 3/3, about 5 s left\n"
    assert told.seconds == pytest.approx(503.0)


def test_a_validation_that_was_left_to_the_next_command_has_no_bar(clock, capsys):
    told = Progress(step=100, epochs=3, epoch_steps=50, batch_size=10, seconds=500.0)
    told.end_epoch(100, nats=98.5)
    assert capsys.readouterr().out == "Epoch 2 - validation nats: 98.5000\n"
