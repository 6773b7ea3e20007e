import ast
import subprocess
import sys

import pytest
from support import files

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import (
    classifier,
    draw_likelihood,
    figure6,
    figure7,
    figure9,
    figure10,
    figure11,
    flags,
    table1,
    table1_samples,
    vae_gan,
)
from vae_gan_tf.experiments.flags import Script, each_seed, parse
from vae_gan_tf.experiments.record import made_with

FIGURE = Script("A figure.", ("cvae",))


def options(*arguments, script=FIGURE):
    return parse(script, ["script", *arguments])


def test_flags_override_fields_and_the_next_script_starts_afresh():
    assert options("--epochs=3", "--precision=mixed_bfloat16").overrides == {
        "epochs": 3,
        "precision": "mixed_bfloat16",
    }
    assert options().overrides == {}
    assert options().preset == "report"


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--preset=huge", r"preset=huge.*report\|improved\|quick\|smoke"),
        ("--dataset=cifar", r"no data set .cifar.; there are mnist, "),
        ("--epochs=many", "^--epochs=many given, an integer expected$"),
        ("--epochs=", "^--epochs= given, an integer expected$"),
        ("--kl_weight=1,5", "^--kl_weight=1,5 given, a number expected$"),
        ("--jit=perhaps", "^--jit=perhaps given, true or false expected$"),
        ("--scores_every=-1", r"^--scores_every=-1 given, an integer in the range \[0, "),
        ("--epochs=0", "--epochs must be positive, not 0"),
        ("--learning_rate=-1", "--learning_rate must be positive, not -1.0"),
        ("--learning_rate=nan", "--learning_rate must be positive, not nan"),
        ("--momentum=1", "--momentum must be at least 0 and below 1, not 1.0"),
        ("--seed=-1", "--seed must be at least 0, not -1"),
        ("--batch_size=0", "--batch_size must be positive"),
        ("--images=20", "--images must be 0 or at least 50"),
        ("--architecture=deep", "convolutional"),
        ("--precision=float64", "mixed_bfloat16"),
        ("--draw_steps=7", "--draw_steps=7 given for cvae; it is for draw, cdraw, draw-gan, cdr"),
        ("--wrong=1", "wrong"),
        ("extra", "not 'extra'"),
    ],
)
def test_a_wrong_flag_is_one_clear_sentence(argument, sentence):
    with pytest.raises(UserError, match=sentence) as error:
        options(argument)
    assert "\n" not in str(error.value)


def test_networks_that_ship_are_shown_as_they_are():
    assert options("--pretrained").pretrained
    for argument in ("--epochs=3", "--preset=smoke"):
        with pytest.raises(UserError, match=f"{argument[:7]}.* given with --pretrained, which"):
            options("--pretrained", argument)


def test_a_flag_goes_to_those_models_of_a_script_to_which_it_means_something():
    both = Script("Two models.", ("vae", "vae-gan"))
    asked = options("--feature_variance=9", "--epochs=3", script=both)
    assert asked.settings("vae-gan", "mnist").feature_variance == 9
    vae = asked.settings("vae", "mnist")
    assert (vae.feature_variance, vae.epochs) == (1, 3)
    with pytest.raises(UserError, match="given for vae, vae-gan; it is for draw"):
        options("--read_size=3", script=both)


@pytest.mark.parametrize(
    ("models", "argument", "sentence"),
    [
        (("draw-gan", "cdraw-gan"), "--label_weight=0.1", "^--label_weight=0.1 given for draw-gan"),
        (("vae", "vae-gan"), "--generator_first", "^--generator_first given with improved networ"),
        (("vae",), "--epochs=3", "^there is no preset improved of vae"),
    ],
)
def test_models_without_the_preset_are_asked_only_where_none_has_it(models, argument, sentence):
    with pytest.raises(UserError, match=sentence):
        options("--preset=improved", argument, script=Script("Two models.", models))


def test_a_script_that_trains_nothing_has_no_flags_of_a_training():
    script = Script("A table.", settings=("images",), general=("figures_dir",))
    assert options("--images=70", script=script).overrides == {"images": 70}
    for flag in ("--epochs=3", "--preset=quick", "--pretrained"):
        with pytest.raises(UserError, match=flag.strip("-").split("=")[0]):
            options(flag, script=script)


def help_of(capsys, main, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["script", "--help", *arguments])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_help_shows_what_the_models_have_with_their_values(capsys):
    text = help_of(capsys, figure7.main)
    assert text.startswith("Figure 7: digits sampled from CVAE-GAN")
    assert text.index("--preset=") < text.index("The run:") < text.index("Networks:")
    assert (
        "--feature_variance=FLOAT\n      sigma^2 of the feature loss (section 3.1) [50.0]" in text
    )
    assert "at most [20]" in text
    for absent in ("read_size", "labels", "shift", "binarise_given"):
        assert f"--{absent}" not in text
    quick = help_of(capsys, figure6.main, "--preset=quick")
    assert "at most [5]" in quick
    drawing = help_of(capsys, figure10.main)
    assert "--[no]animate\n" in drawing and "--read_size" in drawing
    assert "--pools" not in drawing
    assert max(map(len, text.splitlines())) <= flags.WIDTH


def shown_settings(capsys, main, *arguments):
    """Model and settings of each block that --show_settings prints."""
    with pytest.raises(SystemExit) as end:
        main(["script", "--show_settings", *arguments])
    assert end.value.code == 0
    blocks = [block.splitlines() for block in capsys.readouterr().out.strip().split("\n\n")]
    return [(head, dict(line.strip().split(" = ") for line in lines)) for head, *lines in blocks]


def test_show_settings_prints_what_a_run_would_use(capsys):
    flags = ("--preset=smoke", "--epochs=3", "--feature_variance=9")
    (vae, its), (gan, others) = shown_settings(capsys, vae_gan.main, *flags)
    assert vae == "vae on mnist, preset smoke" and gan.startswith("vae-gan on mnist")
    assert its["epochs"] == others["epochs"] == "3"
    assert others["feature_variance"] == "9.0" and "feature_variance" not in its
    assert not {"read_size", "labels"} & {*its, *others}


def test_show_settings_of_scripts_that_change_them(capsys, mnist):
    found = shown_settings(capsys, draw_likelihood.main, "--data_dir=none")
    assert all(head.startswith("draw on mnist_binarised") for head, _ in found)
    lengths = [(settings["draw_steps"], settings["epochs"]) for _, settings in found]
    assert lengths == [("16", "6"), ("32", "12"), ("64", "14")]
    heads, rows = zip(*shown_settings(capsys, table1.main, "--data_dir=none"), strict=True)
    assert heads.count("semi-supervised on mnist, preset report, row Fully connected") == 2
    assert {it["labels"] for it in rows} == {"1000", "600"}
    assert {it["epochs"] for it in rows} == {"20", "3", "2"}
    for script in (table1, table1_samples):  # the row of a training that comes first is its run's
        first = ("--preset=smoke", "--generator_first", "--data_dir=none")
        heads = [head for head, _ in shown_settings(capsys, script.main, *first)]
        gan = "on mnist, preset smoke, row Convolutional with GAN"
        assert f"semi-supervised {gan}" in heads and f"semi-supervised-gan {gan}" in heads
    # VAE has no preset improved; DRAW is trained first, by the preset report.
    for script, models in ((figure11, ["draw", "draw-gan"]), (vae_gan, ["vae-gan"])):
        its = ("--preset=improved", "--dataset=mnist", "--data_dir=none")
        heads = [head for head, _ in shown_settings(capsys, script.main, *its)]
        assert [head.partition(" on mnist")[0] for head in heads] == models


def test_a_setting_goes_to_the_model_whose_networks_have_it():
    both = Script("Two models.", ("vae", "vae-2d"))
    asked = options("--units=64", script=both)
    assert asked.settings("vae-2d", "mnist").units == 64
    assert asked.settings("vae", "mnist").units == 200
    with pytest.raises(UserError, match="--units given for vae with convolutional networks"):
        options("--units=64", script=Script("One model.", ("vae",)))


@pytest.mark.slow
def test_a_program_that_imports_the_package_alone():
    """It can load what ships, and has its flags for itself."""
    program = """
import pkgutil, importlib, vae_gan_tf
print(vae_gan_tf.load_pretrained("cvae-mnist").sample([3]).shape)
from absl import flags
importlib.import_module("vae_gan_tf.attention")  # TensorFlow and TFDS have flags of their own
before = set(flags.FLAGS)
for module in pkgutil.walk_packages(vae_gan_tf.__path__, "vae_gan_tf."):
    importlib.import_module(module.name)
flags.DEFINE_integer("seed", 0, "of my own program")
flags.DEFINE_integer("epochs", 0, "of my own program")
print(sorted(set(flags.FLAGS) - before - {"tfds_debug_list_dir"}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    said = ["(1, 28, 28, 1)", "['epochs', 'seed']"]
    assert done.stdout.splitlines() == said, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["--help", "--epochs=many"])
def test_help_and_a_wrong_flag_do_without_what_training_needs(flag):
    program = f"""
import sys, keras, tensorflow, tensorflow_probability
before = set(sys.modules)  # Keras imports parts of Matplotlib and scikit-learn itself
from vae_gan_tf.experiments import scripts
try:
    scripts.run("figure7", ["figure7", {flag!r}])
except SystemExit:
    print(sorted({{name.split(".")[0] for name in set(sys.modules) - before}}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    assert "vae_gan_tf" in loaded, done.stderr[-2000:]
    assert not loaded & {"tensorflow_datasets", "matplotlib", "sklearn"}


def test_help_of_a_script_of_few_settings_shows_these(capsys):
    text = help_of(capsys, classifier.main)
    assert "--classifier_file=" in text and "--precision=" in text and "--units" not in text


def test_help_leaves_out_a_preset_that_a_model_does_not_have(capsys):
    assert "--epochs=" in help_of(capsys, figure10.main, "--preset=improved")


def test_help_lists_the_presets_that_a_script_takes(capsys):
    few = help_of(capsys, figure9.main)
    assert "--preset=report|quick|smoke\n" in few and "improved, beyond" not in few
    assert "--preset=report|improved|quick|smoke\n" in help_of(capsys, figure7.main)


def test_help_leaves_out_what_a_script_varies_by_itself(capsys):
    assert "--labels=" not in help_of(capsys, table1.main)


def test_a_figure_of_several_seeds():
    asked, made = parse(Script("A figure.", ("vae",)), ["script", "--seeds=2..3"]), []
    each_seed(asked, made.append)
    assert [each.overrides for each in made] == [{"seed": 2}, {"seed": 3}]
    made.clear()
    each_seed(parse(Script("A figure.", ("vae",)), ["script"]), made.append)
    assert [each.overrides for each in made] == [{}]


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--seeds=2", "--seed=1"], "--seed and --seeds given"),
        (["--seeds=3..1"], "--seeds=3..1 given"),
        (["--seeds=1000000"], "at most 1000 of them"),
        (["--fresh", "--pretrained"], "--fresh given with --pretrained"),
        (["--profile=10", "--pretrained"], "--profile given with --pretrained"),
        (["--scores_every=2", "--pretrained"], "--scores_every given with --pretrained"),
        (["--seeds=2", "--pretrained"], "--seeds given with --pretrained"),
        (["--runs_dir="], "--runs_dir given without a path"),
        (["--dataset=folder:"], "--dataset given without a path"),
        (["--figures_dir=~nobody_of_that_name/x"], "there is no such user or variable"),
        (["--data_dir=$NOT_SET/x"], "there is no such user or variable"),
        (["--runs_dir=/tmp/" + 300 * "x"], "--runs_dir given with a path that is too long"),
    ],
)
def test_seeds_and_paths_that_cannot_be(flags, sentence):
    with pytest.raises(UserError, match=sentence):
        parse(Script("A figure.", ("vae",)), ["script", *flags])


def test_paths_are_what_a_shell_makes_of_them(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("THERE", str(tmp_path))
    files.folder(tmp_path / "animals")
    flags = ["--runs_dir=~/runs", "--data_dir=$THERE/tfds", "--dataset=folder:$THERE/animals/"]
    asked = parse(Script("A figure.", ("vae",)), ["script", *flags])
    assert [str(asked.runs_dir), str(asked.data_dir)] == ["/home/me/runs", f"{tmp_path}/tfds"]
    assert asked.datasets == (f"folder:{tmp_path}/animals",)


def test_a_dollar_in_a_path_that_is_there_is_a_letter(tmp_path):
    path = files.folder(tmp_path / "animals$2")
    asked = parse(Script("A figure.", ("vae",)), ["script", f"--dataset=folder:{path}"])
    assert asked.datasets == (f"folder:{path}",)
    with pytest.raises(UserError, match=r"=folder:\$NOT_SET/x given, and there is no such"):
        parse(Script("A figure.", ("vae",)), ["script", "--dataset=folder:$NOT_SET/x"])


def test_fresh_has_folders_of_its_own():
    asked = parse(Script("A figure.", ("vae",)), ["script", "--fresh", "--figures_dir=here"])
    code = made_with()["code"]["source"][:8]
    assert str(asked.runs_dir) == f"runs/fresh-{code}"
    assert str(asked.figures_dir) == f"here/fresh-{code}"
