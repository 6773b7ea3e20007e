"""Structure diagrams: what the boxes say, what flows between them, where they stand."""

import functools
from pathlib import Path

import keras
import matplotlib.image
import pytest
from keras import layers
from support.pages import CHECKS, arrows, measured

from vae_gan_tf import ImageCondition, LabelCondition, Objective, likelihoods, networks
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import DRAW
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.plotting import diagrams, grids, layout

GREY, COLOUR = (28, 28, 1), (32, 32, 3)

# The models of the figures, with the report's networks: what the boxes say is checked by hand.


def growth(shape):
    """How much the layers of section 4.3 grow: by 8/7 for colour images."""
    return 1.0 if shape[-1] == 1 else 8 / 7


def pair(shape, size, latent_size, likelihood, units):
    """Encoder and decoder of section 4.3, or with ``units`` the fully connected ones."""
    parameters = {"parameters": likelihood.parameters}
    if units:
        kinds = networks.fully_connected_encoder, networks.fully_connected_decoder
        last = units
    else:
        kinds = networks.convolutional_encoder, networks.convolutional_decoder
        last = growth(shape)
    encoder, decoder = kinds
    return [
        encoder(shape, size, latent_size, last),
        decoder(shape, size, latent_size, last, **parameters),
    ]


BERNOULLI = likelihoods.Bernoulli()


def vae(shape=GREY, latent_size=50, likelihood=BERNOULLI, units=0, **kwargs):
    return VAE(*pair(shape, 0, latent_size, likelihood, units), likelihood=likelihood, **kwargs)


def cvae(condition=None, latent_size=50, likelihood=BERNOULLI, units=0):
    condition = condition or LabelCondition(10)
    parts = pair(GREY, condition.size, latent_size, likelihood, units)
    return CVAE(*parts, condition, likelihood=likelihood)


def semi_supervised(shape=GREY, latent_size=50, classes=10, objective=None, units=0, **kwargs):
    if units:
        trunk = networks.fully_connected_trunk(shape, classes, latent_size, units)
        head = networks.mean_head(classes, latent_size, units, activation="softplus")
        decoder = networks.fully_connected_decoder(shape, classes, latent_size, units)
    else:
        trunk = networks.convolutional_trunk(shape, classes, latent_size, growth(shape))
        size = trunk.outputs[0].shape[-1]
        head = networks.mean_head(classes, latent_size, size, activation="relu")
        decoder = networks.upsampling_decoder(shape, classes, latent_size, growth(shape))
    objective = objective or Objective.per_image(100, 54_900)
    return SemiSupervisedVAE(trunk, head, decoder, LabelCondition(classes), objective, **kwargs)


def draw(latent_size=100, read_size=5, write_size=5, steps=10):
    common = {"latent_size": latent_size, "units": 256}
    return DRAW(
        networks.draw_encoder(GREY, read_size=read_size, **common),
        networks.draw_decoder(GREY, write_size=write_size, **common),
        steps=steps,
    )


def vae_gan(shape=GREY, likelihood=BERNOULLI, kl_weight=1.0, **kwargs):
    generator = vae(shape, likelihood=likelihood, kl_weight=kl_weight)
    return VAEGAN(generator, networks.discriminator(shape, 1, growth(shape)), **kwargs)


DESCRIPTIONS = {
    vae: diagrams.vae,
    cvae: diagrams.vae,
    semi_supervised: diagrams.semi_supervised,
    vae_gan: diagrams.vae_gan,
    draw: diagrams.draw_step,
}


@functools.cache
def describe(model, **changes):
    """The diagram of a model, each built once."""
    return DESCRIPTIONS[model](model(**changes))


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


# What the boxes say. Sizes by hand: a convolution of stride 2 halves an image and rounds up,
# so 28 -> 14 -> 7 -> 4, 4 * 4 * 108 = 1728, and 7 * 7 * 128 = 6272; a pool halves one too, so
# 7 * 7 * 50 = 2450. 28 * 28 = 784, and a label adds 10.


def test_boxes_of_the_networks_of_section_4_3():
    diagram = describe(cvae)
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
    assert texts(describe(vae_gan), "discriminator") == {
        "conv1": "conv 3x3, 16, stride 2 | BN, ReLU | 14 x 14 x 16",
        "conv2": "conv 3x3, 32, stride 2 | BN, ReLU | 7 x 7 x 32",
        "conv3": "conv 3x3, 64, stride 2 | BN, ReLU | 4 x 4 x 64",
        "flat": "flatten | 1024",
        "features": "FC, 512 | BN, ReLU | $f_l$: 512",
        "dense": "FC, 500 | BN, ReLU | 500",
        "logits": r"FC, 1 | logit $\ell$: 1",
    }


def test_boxes_of_the_convolutional_networks_of_section_4_5():
    diagram = describe(semi_supervised, latent_size=40)
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
        "deconv1": "upsample 2x2,\ndeconv 5x5, 20 | BN, ReLU | 14 x 14 x 20",
        "deconv2": "upsample 2x2,\ndeconv 5x5, 1 | BN, ReLU | 28 x 28 x 1",
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
    diagram = describe(draw, latent_size=7, read_size=3, steps=20)
    assert texts(diagram, "encoder") == {
        "window": "FC, window 3x3 | 5",
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
        "window": "FC, window 5x5 | 5",
        "write": "write | 28 x 28 x 1",
    }
    boxes = diagram.boxes()
    assert text(boxes["z"]).endswith(" | 7")
    assert r"\Sigma_{t=1}^{20}" in text(boxes["kl"])


def test_boxes_of_the_fully_connected_networks_of_section_4_5():
    diagram = describe(semi_supervised, units=1024)
    hidden = "FC, 1024 | BN, softplus | 1024"
    trunk, decoder = texts(diagram, "trunk"), texts(diagram, "decoder")
    assert trunk.keys() == {"flat", "dense1", "dense2", "product", "log_variance", "logits"}
    assert trunk["dense1"] == trunk["dense2"] == decoder["dense1"] == decoder["dense2"] == hidden
    assert texts(diagram, "head")["dense"] == "add | BN, softplus | 1024"
    assert decoder["joined"] == "join | 60"


def test_another_architecture_gives_other_boxes():
    diagram = describe(vae, units=123)
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
    diagram = describe(vae, shape=COLOUR, latent_size=7, likelihood=likelihoods.Gaussian(None))
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
    boxes = describe(semi_supervised, classes=4).boxes()
    assert text(boxes["y/head"]) == text(boxes["y/decoder"]) == "$y$ | 4"
    assert text(boxes["trunk/logits"]) == r"FC, 4 | logits $\ell$: 4"
    assert text(boxes["decoder/joined"]) == "join | 788"
    assert text(describe(cvae, condition=LabelCondition(4)).boxes()["y/encoder"]) == "$y$ | 4"


def test_losses_carry_the_weights_of_the_model():
    assert "$L(x) = L_{KL} + L_x$" in describe(vae).boxes()["loss"].lines
    weighted = describe(vae, kl_weight=2.5).boxes()["loss"].lines
    assert r"$L(x) = 2.5\,L_{KL} + L_x$" in weighted
    boxes = describe(vae_gan, kl_weight=3.0, adversarial_weight=20.0, feature_variance=0.5).boxes()
    assert r"$L_G = 3\,L_{KL} + L_l$" in boxes["generator loss"].lines
    assert r"$-\,20\,\log\,D(x_p)$" in boxes["generator loss"].lines
    assert r"$\sigma^2 = 0.5$" in boxes["feature"].lines
    # 600 of 55 000 images with a label: 0.010909, and without 0.989091.
    boxes = describe(
        semi_supervised, objective=Objective.per_image(600, 54_400, 0.25), kl_weight=3.0
    ).boxes()
    assert boxes["loss"].lines[1:] == [
        r"$0.0109\,L(x, y)$",
        r"$+\,0.9891\,U(x)$",
        r"$+\,0.25\,L_y$",
    ]
    assert r"$L(x, y) = 3\,L_{KL}$" in boxes["labelled"].lines
    boxes = describe(semi_supervised, objective=Objective.originals()).boxes()
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
    flows = arrows(describe(cvae))
    assert ("y/encoder", "encoder/joined") in flows
    assert ("y/decoder", "decoder/joined") in flows
    assert {target for source, target in flows if source == "encoder/joined"} == {
        "encoder/mean",
        "encoder/log_variance",
    }
    assert not any("y/" in source for source, _ in arrows(describe(vae)))


def test_figure_3_sums_over_y_as_section_2_3_says():
    flows = arrows(describe(semi_supervised))

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
    diagram = describe(draw)
    found = arrows(diagram)
    takers = {target for source, target in found if source == "decoder before"}
    assert takers == {"encoder/window", "encoder/joined", "decoder/lstm"}
    assert {source for source, target in found if target == "canvas"} == {
        "canvas before",
        "decoder/write",
    }
    assert {source for source, target in found if target == "encoder/read"} == {
        "x",
        "error",
        "encoder/window",
    }


def test_figure_5_feeds_decoder_and_discriminator_as_section_3_1_says():
    flows = arrows(describe(vae_gan))
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


# The page, measured.

CATEGORICAL = likelihoods.Categorical(levels=256)


def case(model, slow=True, **changes):
    words = [model.__name__, *map(str, changes)]
    return pytest.param(
        (model, changes), id="-".join(words), marks=[pytest.mark.slow] if slow else []
    )


@pytest.fixture(
    scope="module",
    params=[
        case(vae, slow=False),
        case(cvae),
        case(cvae, units=1024, latent_size=512),
        case(cvae, condition=ImageCondition((28, 14, 1)), likelihood=likelihoods.Gaussian(None)),
        case(semi_supervised),
        case(semi_supervised, units=1024),
        case(semi_supervised, shape=COLOUR, objective=Objective.originals()),
        case(draw),
        case(draw, read_size=None, write_size=None, steps=64),
        case(vae_gan),
        case(vae_gan, shape=COLOUR, likelihood=CATEGORICAL),
    ],
)
def page(request):
    model, changes = request.param
    return measured(describe(model, **changes))


@pytest.mark.parametrize("check", CHECKS)
def test_pages(page, check):
    check(page)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "pairs"),
    [
        (semi_supervised, {"head/dense": "trunk/product", "labelled": "loss"}),
        (vae_gan, {"feature": "discriminator/features", "z": "posterior"}),
    ],
)
def test_boxes_stand_beside_what_they_go_with(model, pairs):
    heights = measured(describe(model)).heights()
    for name, other in pairs.items():
        assert heights[name] == pytest.approx(heights[other])


def test_data_flow_down_the_encoder_and_up_the_decoder():
    heights = measured(describe(vae)).heights()
    assert heights["x"] > heights["encoder/conv1"] > heights["encoder/mean"] > heights["posterior"]
    assert heights["decoder/dense"] < heights["decoder/parameters"] < heights["likelihood"]


def test_save_keeps_custom_pictures_apart_and_says_what_it_wrote(tmp_path, capsys):
    for custom in (False, True):
        diagrams.save(describe(vae), tmp_path / "figures", "figure1", custom)
    plain, other = tmp_path / "figures/figure1.png", tmp_path / "figures/figure1-custom.png"
    said = "".join(f"Wrote {each} and {each.stem}.pdf\n" for each in (plain, other))
    assert capsys.readouterr().out == said
    wanted = {each.with_suffix(ending) for each in (plain, other) for ending in (".png", ".pdf")}
    assert set(plain.parent.iterdir()) == wanted
    assert plain.read_bytes() == other.read_bytes()
    height, width, _ = matplotlib.image.imread(plain).shape
    assert 600 < width <= 1650 and height > 500


@pytest.mark.parametrize("number", range(1, 6))
def test_the_text_of_the_committed_diagrams_can_be_read_in_a_column(number):
    path = Path(__file__).parents[2] / "figures" / f"figure{number}.png"
    inches = matplotlib.image.imread(path).shape[1] / 150  # pixels an inch
    assert layout.FONT["fontsize"] * min(1, grids.TEXT_INCHES / inches) >= 6  # points
