import subprocess
import sys
from pathlib import Path

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import scripts

REPRODUCE = Path(__file__).parents[2] / "reproduce"


def test_a_script_prints_a_mistake_without_traceback_and_exits_with_1(monkeypatch, capsys):
    def main(argv):
        raise UserError(f"not {argv[1]}")

    monkeypatch.setattr(sys, "argv", ["figure7.py", "--epochs=0"])
    with pytest.raises(SystemExit) as end:
        scripts.run(main)
    assert end.value.code == 1
    assert capsys.readouterr().err == "figure7.py: not --epochs=0\n"


def test_a_script_stopped_outside_of_training_says_how_to_go_on(capsys):
    def main(argv):
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as end:
        scripts.run(main)
    assert end.value.code == 130
    assert "same command goes on" in capsys.readouterr().err


@pytest.mark.slow
def test_a_script_is_run_from_anywhere(tmp_path):
    command = [sys.executable, str(REPRODUCE / "figure1.py"), f"--figures_dir={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert [path.name for path in tmp_path.iterdir()] == ["figure1.png"]
