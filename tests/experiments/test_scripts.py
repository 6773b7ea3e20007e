import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import vae_gan_tf_command
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import figure7, scripts

REPRODUCE = Path(__file__).parents[2] / "reproduce"


@pytest.fixture
def end_of(monkeypatch, capsys):
    """Runs the command of figure 7 whose main is replaced; gives its exit code and its errors."""

    def run(main):
        monkeypatch.setattr(figure7, "main", main)
        monkeypatch.setattr(sys, "argv", ["figure7.py", "--epochs=0"])
        with pytest.raises(SystemExit) as end:
            vae_gan_tf_command.run("figure7")
        return end.value.code, capsys.readouterr().err

    return run


def test_a_script_prints_a_mistake_without_traceback_and_exits_with_1(end_of):
    def main(argv):
        raise UserError(f"not {argv[1]}")

    assert end_of(main) == (1, "figure7.py: not --epochs=0\n")


def test_a_script_stopped_outside_of_training_says_how_to_go_on(end_of):
    def main(argv):
        raise KeyboardInterrupt

    code, errors = end_of(main)
    assert code == 130 and "same command does the rest" in errors


def test_the_scripts_are_those_of_the_repository():
    assert set(scripts.names()) == {path.stem for path in REPRODUCE.glob("*.py")}
    assert scripts.names().index("figure2") < scripts.names().index("figure10")


@pytest.mark.parametrize(
    ("name", "meant"), [("figur7", "figure7 is one"), ("flags", "--help"), ("../x", "--help")]
)
def test_an_unknown_script_is_one_sentence(monkeypatch, capsys, name, meant):
    monkeypatch.setattr(sys, "argv", ["vae-gan-tf", name])
    with pytest.raises(SystemExit) as end:
        vae_gan_tf_command.main()
    assert end.value.code == 1
    assert f"there is no script {name!r}" in (errors := capsys.readouterr().err)
    assert meant in errors


@pytest.mark.parametrize("argv", [["vae-gan-tf"], ["vae-gan-tf", "--help"]])
def test_the_command_lists_the_scripts(monkeypatch, capsys, argv):
    monkeypatch.setattr(sys, "argv", argv)
    vae_gan_tf_command.main()
    shown = capsys.readouterr().out
    assert "  figure7 " in shown and "  table1 " in shown


def test_the_package_is_the_command(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vae_gan_tf"])
    runpy.run_module("vae_gan_tf", run_name="__main__")
    assert "  figure7 " in capsys.readouterr().out


def test_the_command_runs_a_script(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["vae-gan-tf", "figure9", "--no_such_flag"])
    with pytest.raises(SystemExit) as end:
        vae_gan_tf_command.main()
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith("vae-gan-tf figure9: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [(">&-", 0, ""), (">&- 2>&-", 0, ""), ("> /dev/full", 1, "The disk of the output is full")],
)
def test_an_output_that_takes_nothing(redirected, code, said, tmp_path):
    command = f"exec {sys.executable} {REPRODUCE / 'figure1.py'} --figures_dir={tmp_path}"
    shell = ["sh", "-c", f"{command} {redirected}"]
    done = subprocess.run(shell, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr
    assert code or (tmp_path / "figure1.png").exists()


@pytest.mark.slow
def test_a_script_is_run_from_anywhere(tmp_path):
    command = [sys.executable, str(REPRODUCE / "figure1.py"), f"--figures_dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert {path.name for path in tmp_path.iterdir()} == {"figure1.png", "figure1.pdf"}


DELETED = """
import signal
import time
import vae_gan_tf_command
from vae_gan_tf.experiments import scripts

class Interrupted:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def run(name, argv):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    Interrupted()
    time.sleep(2)  # which Ctrl-C by a thread does not end

scripts.run = run
vae_gan_tf_command.run("figure7")
"""
"""A script that Ctrl-C finds where Python deletes an object, which ignores what is raised there."""


@pytest.mark.slow
def test_ctrl_c_is_heard_while_an_object_is_deleted():
    done = subprocess.run([sys.executable, "-c", DELETED], capture_output=True, text=True)
    assert done.returncode == 130 and "Stopped; what is in files is kept" in done.stderr


@pytest.mark.parametrize(
    "name", ["ablations", "classifier", "figure7", "scale", "scores", "step_time", "table1"]
)
def test_a_figures_folder_that_cannot_be_written_is_refused_first(name, tmp_path, run_script):
    (tmp_path / "figures").write_text("")
    with pytest.raises(UserError, match=r"figures.* cannot be written to: .* is no folder"):
        run_script(name)
    assert not (tmp_path / "runs").exists()
