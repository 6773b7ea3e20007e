"""Structure diagrams: what the boxes say, where they stand, and the pictures of the scripts."""

from itertools import combinations

import keras
import matplotlib.image
import pytest
from keras import layers
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path
from matplotlib.transforms import Bbox
from test_reproduce import load_script

from vae_gan_tf import datasets, networks
from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import diagrams, layout

DESCRIPTIONS = {
    "vae": diagrams.vae,
    "cvae": diagrams.vae,
    "cvae-left": diagrams.vae,
    "semi-supervised": diagrams.semi_supervised,
    "vae-gan": diagrams.vae_gan,
    "draw": diagrams.draw_step,
}


def describe(name, image_shape=(28, 28, 1), classes=10, **overrides):
    settings = experiment.resolve("report", name, "mnist", overrides)
    return DESCRIPTIONS[name](experiment.build_model(settings, image_shape, classes))


def text(box):
    """The text of a box, its lines separated by bars, with the letter x for "times"."""
    return " | ".join(box.lines).replace("\N{MULTIPLICATION SIGN}", "x")


def texts(diagram, network):
    """The text of a network's boxes by layer."""
    return {
        name.split("/")[1]: text(box)
        for name, box in diagram.boxes().items()
        if name.startswith(f"{network}/")
    }


def arrows(diagram):
    """(source, target) of all arrows, also of those within networks."""
    found = list(diagram.arrows)
    for column in diagram.columns:
        for each in column.content:
            found += each.arrows if isinstance(each, layout.Network) else []
    return {(arrow.source, arrow.target) for arrow in found}


# What the boxes say. Sizes by hand: a convolution of stride 2 halves an image and rounds up,
# so 28 -> 14 -> 7 -> 4, 4 * 4 * 108 = 1728, and 7 * 7 * 128 = 6272; a pool halves one too, so
# 7 * 7 * 50 = 2450. 28 * 28 = 784, and a label adds 10.


def test_boxes_of_the_networks_of_section_4_3():
    diagram = describe("cvae")
    assert texts(diagram, "encoder") == {
        "conv1": "conv 5x5, 28, stride 2 | BN, ReLU | 14 x 14 x 28",
        "conv2": "conv 5x5, 56, stride 2 | BN, ReLU | 7 x 7 x 56",
        "conv3": "conv 5x5, 108, stride 2 | BN, ReLU | 4 x 4 x 108",
        "flat": "flatten | 1728",
        "joined": "join | 1738",
        "mean": r"FC, 50 | $\mu$: 50",
        "log_variance": r"FC, 50 | $\log\,\sigma^2$: 50",
    }
    assert texts(diagram, "decoder") == {
        "joined": "join | 60",
        "dense": "FC, 6272 | BN, ReLU | 6272",
        "reshaped": "reshape | 7 x 7 x 128",
        "deconv1": "deconv 5x5, 64, stride 2 | BN, ReLU | 14 x 14 x 64",
        "deconv2": "deconv 5x5, 32, stride 2 | BN, ReLU | 28 x 28 x 32",
        "parameters": "conv 1x1, 1 | 28 x 28 x 1",
    }
    boxes = diagram.boxes()
    assert text(boxes["x"]) == "$x$ | 28 x 28 x 1"
    assert text(boxes["y/encoder"]) == text(boxes["y/decoder"]) == "$y$ | 10"
    assert text(boxes["z"]).endswith(" | 50")


def test_boxes_of_the_discriminator():
    assert texts(describe("vae-gan"), "discriminator") == {
        "conv1": "conv 3x3, 16, stride 2 | BN, ReLU | 14 x 14 x 16",
        "conv2": "conv 3x3, 32, stride 2 | BN, ReLU | 7 x 7 x 32",
        "conv3": "conv 3x3, 64, stride 2 | BN, ReLU | 4 x 4 x 64",
        "flat": "flatten | 1024",
        "features": "FC, 512 | BN, ReLU | $f_l$: 512",
        "dense": "FC, 500 | BN, ReLU | 500",
        "logits": r"FC, 1 | logit $\ell$: 1",
    }


def test_boxes_of_the_convolutional_networks_of_section_4_5():
    diagram = describe("semi-supervised", latent_size=40)
    assert texts(diagram, "trunk") == {
        "conv1": "conv 5x5, 20 | BN, ReLU | 28 x 28 x 20",
        "pool1": "max pool 2x2 | 14 x 14 x 20",
        "conv2": "conv 5x5, 50 | BN, ReLU | 14 x 14 x 50",
        "pool2": "max pool 2x2 | 7 x 7 x 50",
        "flat": "flatten | 2450",
        "dense": "FC, 1024 | BN, ReLU | 1024",
        "product": r"FC, 1024 | $W\,h_1$: 1024",
        "log_variance": r"FC, 40 | $\log\,\sigma^2$: 40",
        "logits": r"FC, 10 | logits $\ell$: 10",
    }
    assert texts(diagram, "head") == {
        "product_of_y": "FC, 1024 | 1024",
        "dense": "add | BN, ReLU | 1024",
        "mean": r"FC, 40 | $\mu$: 40",
    }
    assert texts(diagram, "decoder") == {
        "dense1": "FC, 500 | BN, ReLU | 500",
        "dense2": "FC, 2450 | BN, ReLU | 2450",
        "reshaped": "reshape | 7 x 7 x 50",
        "deconv1": "upsample 2x2, deconv 5x5, 20 | BN, ReLU | 14 x 14 x 20",
        "deconv2": "upsample 2x2, deconv 5x5, 1 | BN, ReLU | 28 x 28 x 1",
        "flat": "flatten | 784",
        "joined": "join | 794",
        "dense3": "FC, 512 | BN, ReLU | 512",
        "parameters": "FC, 784 | 784",
        "pixels": "reshape | 28 x 28 x 1",
    }
    boxes = diagram.boxes()
    assert text(boxes["y/head"]) == text(boxes["y/decoder"]) == "$y$ | 10"
    assert boxes["z"].lines[-1] == "40"


def test_boxes_of_the_networks_of_section_4_6():
    diagram = describe("draw", latent_size=7, read_size=3, draw_steps=20)
    assert texts(diagram, "encoder") == {
        "images": "join | 28 x 28 x 2",
        "window": "FC, window of 3x3 | 5",
        "read": "read | 3 x 3 x 2",
        "flat": "flatten | 18",
        "joined": "join | 274",
        "lstm": r"LSTM, 256 | $h_t^{enc}$: 256",
        "mean": r"FC, 7 | $\mu_t$: 7",
        "log_variance": r"FC, 7 | $\log\,\sigma_t^2$: 7",
    }
    assert texts(diagram, "decoder") == {
        "lstm": r"LSTM, 256 | $h_t^{dec}$: 256",
        "patch": "FC, 25 | 25",
        "window": "FC, window of 5x5 | 5",
        "write": "write | 28 x 28 x 1",
    }
    boxes = diagram.boxes()
    assert text(boxes["z"]).endswith(" | 7")
    assert r"\Sigma_{t=1}^{20}" in text(boxes["kl"])


def test_boxes_of_the_fully_connected_networks_of_section_4_5():
    diagram = describe("semi-supervised", architecture="fully_connected")
    hidden = "FC, 1024 | BN, softplus | 1024"
    trunk, decoder = texts(diagram, "trunk"), texts(diagram, "decoder")
    assert trunk.keys() == {"flat", "dense1", "dense2", "product", "log_variance", "logits"}
    assert trunk["dense1"] == trunk["dense2"] == decoder["dense1"] == decoder["dense2"] == hidden
    assert texts(diagram, "head")["dense"] == "add | BN, softplus | 1024"
    assert decoder["joined"] == "join | 60"


def test_another_architecture_gives_other_boxes():
    diagram = describe("vae", architecture="fully_connected", units=123)
    assert texts(diagram, "encoder") == {
        "flat": "flatten | 784",
        "dense1": "FC, 123 | BN, softplus | 123",
        "dense2": "FC, 123 | BN, softplus | 123",
        "mean": r"FC, 50 | $\mu$: 50",
        "log_variance": r"FC, 50 | $\log\,\sigma^2$: 50",
    }
    assert texts(diagram, "decoder") == {
        "dense1": "FC, 123 | BN, softplus | 123",
        "dense2": "FC, 123 | BN, softplus | 123",
        "parameters": "FC, 784 | 784",
        "reshaped": "reshape | 28 x 28 x 1",
    }


def test_another_code_image_and_likelihood_give_other_boxes():
    # For colour images all layers grow by 8/7: 28 filters to 32, 128 to 146 (146.3).
    diagram = describe("vae", (32, 32, 3), latent_size=7, likelihood="gaussian_learned")
    encoder, decoder = texts(diagram, "encoder"), texts(diagram, "decoder")
    assert encoder["conv1"] == "conv 5x5, 32, stride 2 | BN, ReLU | 16 x 16 x 32"
    assert encoder["mean"] == r"FC, 7 | $\mu$: 7"
    assert decoder["reshaped"] == "reshape | 8 x 8 x 146"
    assert decoder["parameters"] == "conv 1x1, 6 | 32 x 32 x 6"
    boxes = diagram.boxes()
    assert text(boxes["x"]) == "$x$ | 32 x 32 x 3"
    assert boxes["z"].lines[-1] == "7"
    assert boxes["likelihood"].lines[-1] == "Gaussian"


def test_another_number_of_classes_gives_other_boxes():
    boxes = describe("semi-supervised", classes=4).boxes()
    assert text(boxes["y/head"]) == text(boxes["y/decoder"]) == "$y$ | 4"
    assert text(boxes["trunk/logits"]) == r"FC, 4 | logits $\ell$: 4"
    assert text(boxes["decoder/joined"]) == "join | 788"
    assert text(describe("cvae", classes=4).boxes()["y/encoder"]) == "$y$ | 4"


def test_losses_carry_the_weights_of_the_model():
    assert "$L(x) = L_{KL} + L_x$" in describe("vae").boxes()["loss"].lines
    weighted = describe("vae", kl_weight=2.5).boxes()["loss"].lines
    assert r"$L(x) = 2.5\,L_{KL} + L_x$" in weighted
    boxes = describe(
        "vae-gan", kl_weight=3.0, adversarial_weight=20.0, feature_variance=0.5
    ).boxes()
    assert r"$L_G = 3\,L_{KL} + L_l$" in boxes["generator loss"].lines
    assert r"$-\,20\,\log\,D(x_p)$" in boxes["generator loss"].lines
    assert r"$\sigma^2 = 0.5$" in boxes["feature"].lines
    # 600 of 55 000 images with a label: 0.010909, and without 0.989091.
    boxes = describe(
        "semi-supervised", labels=600, classification_weight=0.25, kl_weight=3.0
    ).boxes()
    assert boxes["loss"].lines[1:] == [
        r"$0.0109\,L(x, y)$",
        r"$+\,0.9891\,U(x)$",
        r"$+\,0.25\,L_y$",
    ]
    assert r"$L(x, y) = 3\,L_{KL}$" in boxes["labelled"].lines
    boxes = describe("semi-supervised", objective="originals").boxes()
    assert boxes["loss"].lines[1:] == ["$L(x, y)$", r"$+\,U(x)$", r"$+\,5500\,L_y$"]


def test_rows_stand_in_the_order_of_the_layers():
    trunk = diagrams.read(networks.convolutional_trunk((28, 28, 1)), "Trunk", "w")
    names = [[box.name.removeprefix("trunk/") for box in row] for row in trunk.rows]
    assert names == [
        *(["conv1"], ["pool1"], ["conv2"], ["pool2"], ["flat"], ["dense"]),
        ["product", "log_variance", "logits"],
    ]
    head = diagrams.read(networks.mean_head(), "Head", "w")
    names = [[box.name.removeprefix("head/") for box in row] for row in head.rows]
    assert names == [["product_of_y"], ["dense"], ["mean"]]
    assert head.inputs == [["head/dense"], ["head/product_of_y"]]


@pytest.mark.parametrize("output", [True, False])
def test_what_is_used_elsewhere_too_is_not_merged(output):
    """Another layer takes what is activated, or it is an output itself."""
    image = keras.Input([8, 6, 1])
    x = layers.Conv2D(4, (3, 5), strides=(2, 1), padding="same", activation="tanh", name="c")(image)
    activated = layers.Activation("relu", name="r")(x)
    outputs = [x, activated] if output else [layers.Add(name="s")([x, activated])]
    read = diagrams.read(keras.Model(image, outputs), "N", "w", [])
    found = [[text(box) for box in row] for row in read.rows]
    assert found[:2] == [["conv 3x5, 4, stride 2x1, tanh | 4 x 6 x 4"], ["ReLU | 4 x 6 x 4"]]
    assert found[2:] == ([] if output else [["add | 4 x 6 x 4"]])
    assert read.inputs == [["n/c"]]
    assert read.outputs == (["n/c", "n/r"] if output else ["n/s"])


# What flows where.


def test_side_information_reaches_the_layers_that_join_it():
    flows = arrows(describe("cvae"))
    assert ("y/encoder", "encoder/joined") in flows
    assert ("y/decoder", "decoder/joined") in flows
    assert {target for source, target in flows if source == "encoder/joined"} == {
        "encoder/mean",
        "encoder/log_variance",
    }
    assert not any("y/" in source for source, _ in arrows(describe("vae")))


def test_figure_3_sums_over_y_as_section_2_3_says():
    flows = arrows(describe("semi-supervised"))

    def sources(box):
        return {source for source, target in flows if target == box}

    assert sources("head/dense") == {"trunk/product", "head/product_of_y"}
    assert sources("head/product_of_y") == {"y/head"}
    assert sources("posterior") == {"head/mean", "trunk/log_variance"}
    assert sources("decoder/joined") == {"decoder/flat", "y/decoder"}
    assert sources("q(y|x)") == {"trunk/logits"}
    assert sources("classification") == {"q(y|x)"}
    assert sources("reconstruction") == {"x", "likelihood"}
    assert sources("labelled") == {"reconstruction", "kl"}
    assert sources("unlabelled") == {"labelled", "q(y|x)"}
    assert sources("loss") == {"labelled", "unlabelled", "classification"}


def test_figure_4_reads_with_the_state_of_the_step_before():
    diagram = describe("draw")
    found = arrows(diagram)
    takers = {target for source, target in found if source == "decoder before"}
    assert takers == {"encoder/window", "encoder/joined", "decoder/lstm"}
    assert {("x", "encoder/images"), ("error", "encoder/images")} <= found
    assert {source for source, target in found if target == "canvas"} == {
        "canvas before",
        "decoder/write",
    }
    assert {source for source, target in found if target == "encoder/read"} == {
        "encoder/images",
        "encoder/window",
    }


def test_figure_5_feeds_decoder_and_discriminator_as_section_3_1_says():
    flows = arrows(describe("vae-gan"))
    assert {source for source, target in flows if target == "decoder/dense"} == {"z", "prior"}
    assert {source for source, target in flows if target == "discriminator/conv1"} == {
        "x",
        "reconstructed",
        "sampled",
    }
    assert {source for source, target in flows if target == "generator loss"} == {
        "kl",
        "feature",
        "D",
    }
    assert {source for source, target in flows if target == "discriminator loss"} == {"D"}
    assert ("discriminator/features", "feature") in flows
    assert ("discriminator/logits", "D") in flows


# The picture, measured.


def measure(diagram):
    """The picture; boxes, texts of boxes, titles, and ways of arrows, in pixels."""
    figure = layout.page(diagram)
    figure.set_dpi(150)
    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    boxes = {
        patch.get_gid(): patch.get_window_extent(renderer)
        for patch in axes.patches
        if isinstance(patch, FancyBboxPatch)
    }
    titles = {
        text.get_text(): text.get_window_extent(renderer)
        for text in axes.texts
        if text.get_gid() not in boxes
    }
    ways = {}
    for patch in axes.patches:
        if isinstance(patch, FancyArrowPatch):
            path = patch.get_path().transformed(axes.transData)
            kept = path.codes != Path.CLOSEPOLY  # has no place of its own
            ends = tuple(patch.get_gid().split(" -> "))
            ways[ends] = Path(path.vertices[kept], path.codes[kept])
    written = {
        text.get_gid(): text.get_window_extent(renderer)
        for text in axes.texts
        if text.get_gid() in boxes
    }
    return figure, boxes, written, titles, ways


@pytest.fixture(
    params=[
        ("vae", {}),
        ("vae", {"architecture": "fully_connected"}),
        ("cvae", {}),
        ("cvae", {"architecture": "fully_connected", "units": 4096, "latent_size": 512}),
        ("cvae-left", {"likelihood": "gaussian_learned"}),
        ("semi-supervised", {}),
        ("semi-supervised", {"architecture": "fully_connected"}),
        ("semi-supervised", {"image_shape": (32, 32, 3), "objective": "originals"}),
        ("draw", {}),
        ("draw", {"read_size": 0, "write_size": 0, "draw_steps": 64}),
        ("draw", {"image_shape": (32, 32, 3), "likelihood": "categorical"}),
        ("vae-gan", {}),
        ("vae-gan", {"architecture": "fully_connected"}),
        ("vae-gan", {"image_shape": (32, 32, 3), "likelihood": "categorical"}),
    ],
    ids=lambda case: "-".join([case[0], *map(str, case[1].values())]),
)
def drawn(request):
    """A diagram and what `measure` gives of it."""
    name, settings = request.param
    diagram = describe(name, **settings)
    return diagram, *measure(diagram)


def within(inner, outer):
    return (
        outer.x0 <= inner.x0
        and inner.x1 <= outer.x1
        and outer.y0 <= inner.y0
        and (inner.y1 <= outer.y1)
    )


def test_all_is_drawn_legibly_inside_of_the_figure(drawn):
    diagram, figure, boxes, written, titles, ways = drawn
    assert boxes.keys() == written.keys() == diagram.boxes().keys()
    assert ways.keys() == arrows(diagram)
    for box in [*boxes.values(), *titles.values(), *(way.get_extents() for way in ways.values())]:
        assert within(box, figure.bbox)
    assert all(text.get_fontsize() >= 7 for text in figure.axes[0].texts)
    assert figure.get_figwidth() <= 11


def test_texts_lie_inside_of_their_boxes_and_boxes_apart(drawn):
    _, _, boxes, written, titles, _ = drawn
    for name, text in written.items():
        assert within(text, boxes[name]), name
    for (first, one), (second, other) in combinations({**boxes, **titles}.items(), 2):
        assert not Bbox.intersection(one, other), (first, second)


def test_arrows_join_their_boxes_and_cross_nothing_else(drawn):
    _, _, boxes, _, titles, ways = drawn
    for ends, way in ways.items():
        for name, box in {**boxes, **titles}.items():
            around = box.padded(2)
            assert way.intersects_bbox(around, filled=False) == (name in ends), (ends, name)
    for (first, way), (second, other) in combinations(ways.items(), 2):
        # What has one source may part, and what has one target meet; nothing else may touch.
        if first[0] != second[0] and first[1] != second[1]:
            assert not way.intersects_path(other, filled=False), (first, second)


def middles(diagram):
    """The height of the centre of each box, in pixels."""
    _, boxes, *_ = measure(diagram)
    return {name: (box.y0 + box.y1) / 2 for name, box in boxes.items()}


@pytest.mark.parametrize(
    ("model", "pairs"),
    [
        ("semi-supervised", {"head/dense": "trunk/product", "labelled": "loss"}),
        ("vae-gan", {"feature": "discriminator/features", "z": "posterior"}),
    ],
)
def test_boxes_stand_beside_what_they_go_with(model, pairs):
    middle = middles(describe(model))
    for name, other in pairs.items():
        assert middle[name] == pytest.approx(middle[other])


def test_data_flow_down_the_encoder_and_up_the_decoder():
    middle = middles(describe("vae-gan"))
    assert middle["x"] > middle["encoder/conv1"] > middle["encoder/mean"] > middle["posterior"]
    assert middle["decoder/dense"] < middle["decoder/parameters"] < middle["sampled"]


def test_rows_fixed_too_close_make_the_diagram_deeper():
    def box(name):
        return layout.Box(name, [name])

    # Beside the second and third of three boxes there are four.
    left = layout.Column([box("a"), box("b"), box("c")])
    right = layout.Column([box(name) for name in "defg"], {"d": "b", "g": "c"})
    diagram = layout.Diagram([left, right], [])
    _, boxes, *_ = measure(diagram)
    gap = layout.GAP * 150
    for above, below in ("ab", "bc", "de", "ef", "fg"):
        assert boxes[above].y0 - boxes[below].y1 > 0.98 * gap, (above, below)
    middle = middles(diagram)
    assert (middle["d"], middle["g"]) == pytest.approx((middle["b"], middle["c"]))


# The scripts.


@pytest.mark.parametrize("name", ["figure1", "figure2", "figure3", "figure4", "figure5"])
def test_script_writes_its_picture_without_any_data(name, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise AssertionError("a data set was asked for")

    monkeypatch.setattr(datasets, "load", fail)
    main = load_script(name).main
    main([f"{name}.py", f"--figures_dir={tmp_path}"])
    plain = tmp_path / f"{name}.png"
    assert [path.name for path in tmp_path.iterdir()] == [plain.name]
    height, width, _ = matplotlib.image.imread(plain).shape
    assert 800 < width <= 1650 and height > 500
    first = plain.read_bytes()
    main([f"{name}.py", f"--figures_dir={tmp_path}", "--latent_size=3"])
    custom = tmp_path / f"{name}-custom.png"
    assert {path.name for path in tmp_path.iterdir()} == {plain.name, custom.name}
    assert plain.read_bytes() == first != custom.read_bytes()
