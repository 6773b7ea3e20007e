"""The scripts of figures 1 to 5."""

import importlib

import matplotlib.image
import pytest

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["figure1", "figure2", "figure3", "figure4", "figure5"])
def test_script_writes_its_picture_without_any_data(name, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("a data set was asked for")

    monkeypatch.setattr(datasets, "load", fail)
    main = importlib.import_module(f"vae_gan_tf.experiments.{name}").main
    main([f"{name}.py", f"--figures_dir={tmp_path}"])
    plain = tmp_path / f"{name}.png"
    assert [path.name for path in tmp_path.glob("*.png")] == [plain.name]
    height, width, _ = matplotlib.image.imread(plain).shape
    assert 600 < width <= 1650 and height > 500
    first = plain.read_bytes()
    for idle in ("--devices=77", "--epochs=3", "--reconstruction=cross_entropy"):
        with pytest.raises(UserError, match="Unknown command line flag"):
            main([f"{name}.py", f"--figures_dir={tmp_path}", idle])
    main([f"{name}.py", f"--figures_dir={tmp_path}", "--latent_size=3"])
    custom = tmp_path / f"{name}-custom.png"
    assert {path.name for path in tmp_path.glob("*.png")} == {plain.name, custom.name}
    assert plain.read_bytes() == first != custom.read_bytes()
