import itertools
import json

import keras
import pytest

from vae_gan_tf import networks
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import step_time
from vae_gan_tf.experiments.flags import Options
from vae_gan_tf.experiments.settings import Images, resolve
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.training import devices

MNIST = Images((28, 28, 1), 10)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--models=cvae,semi-supervised-gan", "--models=semi-supervised-gan given, of vae, cvae"),
        ("--models=cave", "--models=cave given"),
        ("--models=cvae --draw_steps=5", "--draw_steps=5 given for cvae; it is for draw"),
        ("--epochs=2", "Unknown command line flag 'epochs'"),
        ("--precision=float32", "Unknown command line flag 'precision'"),
        ("--glimpses=2", "Unknown command line flag 'glimpses'"),
        ("--preset=improved --models=semi-supervised", "whose consistency adds work that is not"),
        ("--preset=improved --models=cvae-gan,vae-gan", "cvae-gan, whose label_weight adds work"),
    ],
)
def test_steps_whose_operations_are_not_counted(run_script, argument, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("step_time", *argument.split())


@pytest.mark.slow
def test_step_time_counts_the_operations_of_section_4_3(data_dir, monkeypatch):
    monkeypatch.setattr(step_time, "matrix_product_seconds", lambda precision: [0.1])
    options = Options(overrides={"batch_size": 20}, data_dir=data_dir)
    row = step_time.time_model(options, "cvae-gan", "float32", steps=2)
    # Multiply-adds by hand, layer by layer, as output pixels x kernel area x inputs x filters.
    encoder = 196 * 25 * 28 + 49 * 25 * 28 * 56 + 16 * 25 * 56 * 108 + 2 * (16 * 108 + 10) * 50
    decoder = 60 * 6272 + 49 * 25 * 128 * 64 + 196 * 25 * 64 * 32 + 784 * 32
    critic = 196 * 9 * 16 + 49 * 9 * 16 * 32 + 16 * 9 * 32 * 64 + 1024 * 512 + 512 * 500 + 500 * 11
    expected = 40 * (3 * encoder + 6 * decoder + 14 * critic)
    assert row["gigaflop"] == pytest.approx(expected / 1e9)
    assert row["milliseconds"] > 0
    assert 0 <= row["input_share"] < 1
    assert row["first_step_seconds"] > row["milliseconds"] / 1000
    assert "cvae-gan" in step_time.table([step_time.together([row])])


def test_step_time_counts_the_operations_of_section_4_5():
    overrides = {"architecture": "fully_connected"}
    run = resolve("report", "semi-supervised", "mnist", overrides)
    model = build_model(run, MNIST)
    trunk = 784 * 1024 + 1024 * 1024 + 1024 * (1024 + 50 + 10)
    head = 10 * 1024 + 1024 * 50
    decoder = 60 * 1024 + 1024 * 1024 + 1024 * 784
    expected = 6 * (200 * trunk + 1100 * (head + decoder))
    assert step_time.step_operations(model, 100, 100) == expected
    # The deconvolution of upsampled images has 36 weights for each of the pixels before.
    decoder = networks.upsampling_decoder((28, 28, 1))
    dense = 50 * 500 + 500 * 2450 + 794 * 512 + 512 * 784
    convolutions = 49 * 36 * 50 * 20 + 196 * 36 * 20
    assert step_time.multiply_adds(decoder) == dense + convolutions


def test_a_pool_takes_nothing_from_the_operations_of_its_convolution():
    network = keras.Sequential([networks.PooledConvolution(3, 5, padding="same")])
    network.build([None, 8, 6, 2])
    assert step_time.multiply_adds(network) == 8 * 6 * 25 * 2 * 3


@pytest.mark.parametrize("name", ["draw", "draw-gan"])
def test_step_time_counts_the_operations_of_section_4_6(name):
    model = build_model(resolve("report", name, "mnist"), MNIST)
    lstms = (50 + 256 + 256) * 1024, (10 + 256) * 1024
    encoder = lstms[0] + 256 * 5 + 2 * 256 * 10 + 2 * (5 * 28 * 28 + 5 * 28 * 5)
    decoder = lstms[1] + 256 * 5 + 256 * 25 + 28 * 5 * 5 + 28 * 5 * 28
    expected = 2000 * (3 * encoder + 3 * decoder)
    if name == "draw-gan":
        critic = step_time.multiply_adds(model.discriminator)
        expected += 2000 * 3 * decoder + 200 * 13 * critic
    assert step_time.step_operations(model, 100) == expected


def test_each_model_and_precision_is_a_line_of_the_table(
    run_script, in_this_process, monkeypatch, capsys
):
    times = itertools.count(1)

    def timed(options, model, precision, steps):
        assert steps == 3
        row = dict.fromkeys(("images_per_second", "input_share"), 0.5)
        row |= {"milliseconds": float(next(times)), "first_step_seconds": 1.5}
        ceiling = ("ceiling_gigaflop_per_second", "ceiling_share")
        more = dict.fromkeys(("gigaflop", *ceiling, "peak_gigabytes"), 1)
        return {"model": model, "precision": precision, **row, **more}

    monkeypatch.setattr(step_time, "time_model", timed)
    monkeypatch.setattr(devices, "have_bfloat16", lambda: True)
    figures = run_script("step_time", "--models=vae,draw", "--steps=3", "--rounds=3")
    record = json.loads((figures / "step_time-custom.json").read_text())
    assert (record["preset"], record["overrides"], record["steps"]) == ("report", {}, 3)
    rows = record["rows"]
    found = [(row["model"], row["precision"]) for row in rows]
    precisions = ("float32", "mixed_bfloat16")
    assert found == [(model, precision) for model in ("vae", "draw") for precision in precisions]
    # Four rows, in turn: the first has the times 1, 5 and 9.
    assert [row["rounds"] for row in rows] == [[n, n + 4.0, n + 8.0] for n in (1.0, 2.0, 3.0, 4.0)]
    assert [row["milliseconds"] for row in rows] == [5, 6, 7, 8]
    printed = capsys.readouterr().out
    assert "| draw | mixed_bfloat16 |" in printed and "cores" in printed
    assert "Round 1 of 3: draw in float32, 3 ms a step" in printed


def test_the_ceiling_is_timed_without_its_warm_up():
    times = step_time.matrix_product_seconds("mixed_bfloat16", size=8)
    assert len(times) == 20 and min(times) > 0
