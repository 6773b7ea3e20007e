import csv

from vae_gan_tf.plotting import tables

LINES = [["model", "error, %"], ["VAE", "4.1 ± 0.2"], ["VAE-GAN", "-"]]


def test_a_table_is_written_for_people_and_for_programs(tmp_path):
    path = tmp_path / "new" / "table.json"
    tables.write(LINES, "Of the test images.", path)
    assert path.with_suffix(".md").read_text() == (
        "| model | error, % |\n| --- | --- |\n| VAE | 4.1 ± 0.2 |\n| VAE-GAN | - |\n"
        "\nOf the test images.\n"
    )
    with open(path.with_suffix(".csv"), newline="") as file:
        assert list(csv.reader(file)) == LINES
