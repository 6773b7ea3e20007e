import matplotlib.image
import numpy as np
import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.plotting import grids


def grid(rows, columns, size=4, channels=1, value=1.0):
    return np.full([rows, columns, size, size, channels], value)


def test_tile_puts_each_image_in_its_place_dark_on_white():
    images = np.arange(6).reshape(2, 3, 1, 1, 1) / 10
    picture = grids.tile(images)
    assert picture.shape == (5, 7, 1)
    np.testing.assert_allclose(picture[1::2, 1::2, 0], 1 - np.arange(6).reshape(2, 3) / 10)
    assert np.all(picture[::2] == 1) and np.all(picture[:, ::2] == 1)


def test_tile_leaves_colours_as_they_are_and_room_above():
    images = np.random.default_rng(0).random([1, 2, 3, 3, 3], np.float32)
    picture = grids.tile(images, above=2)
    assert picture.shape == (3 + 1 + 2 + 1, 2 * 4 + 1, 3)
    np.testing.assert_array_equal(picture[3:6, 5:8], images[0, 1])


def test_tile_without_gap():
    images = np.random.default_rng(0).random([2, 2, 3, 4, 3], np.float32)
    picture = grids.tile(images, gap=0)
    assert picture.shape == (6, 8, 3)
    np.testing.assert_array_equal(picture[3:, :4], images[1, 0])


def axes_of(figure):
    return [axes.get_position() for axes in figure.axes]


def test_panels_of_a_row_are_equally_high_and_do_not_overlap():
    panels = [
        grids.Panel(grid(2, 2), "a", cell_titles=[["x"] * 2] * 2),
        grids.Panel(grid(2, 3, 8, 3), "b"),
        grids.Panel(grid(5, 2), "c"),
    ]
    figure = grids.page(panels, columns=2)
    first, second, third = axes_of(figure)
    assert first.height == pytest.approx(second.height)
    assert first.x1 < second.x0 and second.x1 <= 1
    assert third.y1 < first.y0 and third.y0 >= 0
    assert [axes.get_title() for axes in figure.axes] == ["a", "b", "c"]


def test_long_row_labels_are_neither_cut_nor_over_the_neighbour():
    labelled = grids.Panel(grid(2, 2, 28), "a", row_labels=["unlabelled", "label 7"])
    figure = grids.page([labelled, labelled], columns=2)
    figure.canvas.draw()
    first = figure.axes[0]
    boxes = [[text.get_window_extent() for text in each.get_yticklabels()] for each in figure.axes]
    assert min(box.x0 for box in boxes[0]) > 0
    assert min(box.x0 for box in boxes[1]) > first.get_window_extent().x1


def test_pixels_stay_square():
    for panel in (
        grids.Panel(grid(3, 7, 28), "grey", cell_titles=[["0.5"] * 7] * 3),
        grids.Panel(grid(4, 2, 32, 3), "colour"),
    ):
        figure = grids.page([panel])
        (axes,) = figure.axes
        picture = axes.images[0].get_array()
        width, height = figure.get_size_inches() * axes.get_position().size
        assert width / picture.shape[1] == pytest.approx(height / picture.shape[0], rel=0.02)


def test_titles_and_labels_are_drawn():
    panel = grids.Panel(
        grid(2, 2), "title", ["r0", "r1"], ["c0", "c1"], [["0.1", "0.2"], ["0.3", "0.4"]]
    )
    (axes,) = grids.page([panel]).axes
    assert [text.get_text() for text in axes.texts] == ["0.1", "0.2", "0.3", "0.4"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["c0", "c1"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["r0", "r1"]


def test_column_labels_of_two_lines_stay_under_the_title_and_inside_the_figure():
    labelled = grids.Panel(grid(3, 2, 28), "title", column_labels=["one\ntwo", "three"])
    figure = grids.page([grids.Panel(grid(3, 2, 28), "above"), labelled], columns=1)
    figure.canvas.draw()
    above, axes = figure.axes
    labels = [text.get_window_extent() for text in axes.get_xticklabels()]
    title = axes.title.get_window_extent()
    assert axes.get_window_extent().y1 <= min(box.y0 for box in labels)
    assert max(box.y1 for box in labels) <= title.y0
    assert title.y1 < above.get_window_extent().y0


def test_save_writes_the_same_bytes_again_and_what_was_drawn(tmp_path):
    first, second = tmp_path / "new" / "a.png", tmp_path / "new" / "b.png"
    for path in (first, second):
        grids.save(grids.page([grids.Panel(grid(2, 2, 28), "black")]), path)
    assert first.read_bytes() == second.read_bytes()
    assert sorted(path.name for path in first.parent.iterdir()) == ["a.png", "b.png"]
    pixels = matplotlib.image.imread(first)[..., 0]
    assert pixels.min() == 0 and 0.2 < (pixels < 0.1).mean() < 0.9


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        grids.save(grids.page([grids.Panel(grid(1, 1), "a")]), tmp_path / "file" / "a.png")


def test_names_with_dollars_are_no_formulas(tmp_path):
    images = np.zeros([2, 2, 4, 4, 1])
    panel = grids.Panel(images, "$x^$", ["$10_bill$", "$"], ["a$", "$b^$"], key="; $D_y$")
    grids.save(grids.page([panel]), tmp_path / "a.png")
    (axes,) = grids.page([panel]).axes
    assert [text.get_text() for text in axes.get_yticklabels()] == [r"\$10_bill\$", r"\$"]
