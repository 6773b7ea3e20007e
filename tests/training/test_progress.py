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


def begun(step=0, epochs=2, seconds=0.0, validated=60):
    """50 steps of 10 images an epoch, and 60 validation images, estimated at 0.2 s."""
    told = Progress(step, epochs, 50, 10, seconds, validated)
    told.begin_epoch(step)
    return told


def test_what_is_told_in_a_file(clock, capsys):
    told = begun()
    go(clock, told, 0, 9)
    assert not capsys.readouterr().out
    go(clock, told, 9, 50)  # after step 10 there are 90 to come, and two validations
    assert capsys.readouterr().out == "About 9 s left on this machine, at 100 images a second\n"
    clock.now += 20.0
    told.end_epoch(50, nats=98.5)
    (line,) = capsys.readouterr().out.splitlines()  # a line an epoch
    assert line.startswith("Epoch 1/2, about 25 s left - 50/50 - ")
    assert "loss: 2.0000 - images/s: 100.0000" in line
    assert "validation -elbo: 98.5000" in line and "kl" not in line
    told.begin_epoch(50)
    go(clock, told, 50, 100)
    told.end_epoch(100, nats=98.0)
    (line,) = capsys.readouterr().out.splitlines()
    # Another 20 s of validation are to come; they do not count for the images a second.
    assert line.startswith("Epoch 2/2 - 50/50") and "images/s: 100.0000" in line
    assert told.seconds == pytest.approx(60.1 + 9.9 + 20.0)


def test_a_run_that_goes_on_for_the_last_step_of_an_epoch(clock, capsys):
    told = begun(step=49)
    go(clock, told, 49, 50)
    told.end_epoch(50, nats=1.0)  # no step but the first one, which compiles
    assert capsys.readouterr().out.startswith("Epoch 1/2 - 1/1 - ")


def test_what_is_told_of_a_run_that_goes_on(clock, capsys):
    told = begun(step=70, epochs=3, seconds=500.0)
    go(clock, told, 70, 100)
    told.end_epoch(100, nats=1.0)
    assert (
        capsys.readouterr().out.splitlines()[1].startswith("Epoch 2/3, about 5 s left - 30/30 - ")
    )
    told.begin_epoch(100)
    go(clock, told, 100, 150)
    told.end_epoch(150, nats=1.0)
    assert capsys.readouterr().out.startswith("Epoch 3/3 - 50/50")
    assert told.seconds == pytest.approx(508.0)


def test_a_validation_that_was_left_to_the_next_command_has_no_bar(clock, capsys):
    told = Progress(100, 3, 50, 10, 500.0, 60)
    told.end_epoch(100, nats=98.5)
    assert capsys.readouterr().out == "Epoch 2 - validation -elbo: 98.5000\n"


def test_speed_is_that_since_it_was_asked_for(clock):
    told = begun()

    def batches():
        for _ in range(4):
            clock.now += 0.3
            yield None

    speeds = []
    for step, _ in enumerate(told.waited_for(batches())):
        clock.now += 60.0 if step == 0 else 0.1
        told.end_step(step + 1, {"loss": 2.0})
        if step != 2:
            speeds.append(told.speed())
    # The first step has none, for it compiles; the last is that of two.
    expected = {"steps_a_second": 2.5, "images_a_second": 25.0, "waiting_for_input": 0.75}
    expected = {f"speed/{name}": value for name, value in expected.items()}
    assert speeds == [{}, pytest.approx(expected), pytest.approx(expected)]


def test_losses_are_means_over_the_epoch(clock, capsys):
    told = begun()
    for number in range(50):
        clock.now += 0.01
        told.end_step(number + 1, {"loss": float(number)})
    told.end_epoch(50, nats=98.5)
    assert "loss: 24.5000 -" in capsys.readouterr().out
