"""The HPARAMS tab of TensorBoard, whose rows are told apart by the runs' names."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata

from vae_gan_tf.training.summaries import Summaries


@pytest.mark.parametrize("name", ["cvae-mnist-report-seed0", "draw-gan-svhn_small-quick-seed12"])
def test_a_row_has_the_name_of_its_run(tmp_path, name):
    folder = tmp_path / name / "tensorboard"
    with Summaries(folder) as summaries:
        summaries.begin(0)
        summaries.hparams({"model": "cvae", "epochs": 2}, {"test/elbo": -1.0})
    events = EventAccumulator(str(folder / "final")).Reload()
    content = events.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    assert metadata.parse_session_start_info_plugin_data(content).group_name == name
