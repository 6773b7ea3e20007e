import importlib

import pytest


@pytest.fixture
def run_script(tmp_path, data_dir):
    """Runs the main function of a script with folders of its own; gives the folder of figures."""

    def run(name, *arguments):
        script = importlib.import_module(f"vae_gan_tf.experiments.{name}")
        folders = [f"--figures_dir={tmp_path / 'figures'}"]
        folders += [f"--data_dir={data_dir}"] * (name not in STRUCTURES)
        folders += [f"--runs_dir={tmp_path / 'runs'}"] * (name not in (*STRUCTURES, *WITHOUT_RUNS))
        script.main([f"{name}.py", *folders, *arguments])
        return tmp_path / "figures"

    return run


STRUCTURES = tuple(f"figure{number}" for number in range(1, 6))
WITHOUT_RUNS = ("side_by_side", "scores", "classifier", "step_time")
