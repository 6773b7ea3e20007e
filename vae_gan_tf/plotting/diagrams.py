"""Structure diagrams of the models, figures 1 to 5, read from networks as they are built.

The boxes of a network come from its Keras layers (`read`): what a layer is, its size and its output
shape are taken from the layer objects, so another network gives another diagram. What is no layer
(an image, a code, a likelihood, a loss) is a `Box` of its own. A figure is a description in these
words, see `vae`; `layout.page` does the rest.
"""

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import layers

from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.draw import DRAW
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.networks import UpsampledDeconvolution, Windows
from vae_gan_tf.plotting import grids
from vae_gan_tf.plotting.layout import Arrow, Box, Column, Diagram, Network, page

ENCODER, DECODER, DISCRIMINATOR, LOSS = "#dbe6f2", "#e0ecd9", "#f8e6d2", "#e6e6e6"
"""The colours of networks and of losses; everything else is white."""


def read(network: keras.Model, title: str, fill: str, symbols: Sequence[str] = ()) -> Network:
    """The boxes of a functional model's layers, in rows.

    A layer is one box with the batch normalisation and the activation behind it: a line on what it
    is, a line on what follows it, and its output shape without the batch. Boxes are named
    "<network>/<layer>", as in "encoder/conv1".

    Args:
        network: a functional model.
        title: the name that the diagram gives it.
        fill: its colour.
        symbols: what its outputs are called, in their order, in mathtext; "" for one that has no
            name.
    """
    inputs = [id(tensor) for tensor in network.inputs]
    # What a layer of several outputs gives is known by the first of them.
    known_by = {
        id(tensor): id(_outputs(layer)[0]) for layer in network.layers for tensor in _outputs(layer)
    }
    takers = [known_by[id(tensor)] for layer in network.layers for tensor in _inputs(layer)]
    ends = [known_by[id(tensor)] for tensor in network.outputs]
    merged: dict[int, list[layers.Layer]] = {}  # the layers of a box, by what the last one gives
    for layer in network.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        follows = isinstance(layer, layers.BatchNormalization | layers.Activation)
        before = known_by[id(_inputs(layer)[0])]
        # Where something else takes what comes before, or it is an output, it is a box of its own.
        alone = takers.count(before) == 1 and before not in ends
        merge = follows and before in merged and alone
        merged[id(_outputs(layer)[0])] = [*(merged.pop(before) if merge else ()), layer]

    names = {tensor: f"{title.lower()}/{group[0].name}" for tensor, group in merged.items()}
    outputs = [names[tensor] for tensor in ends]
    symbol_of = dict(zip(outputs, symbols, strict=False))
    taken: dict[int, list[str]] = {tensor: [] for tensor in [*inputs, *merged]}
    ranks = dict.fromkeys(inputs, -1)
    rows: list[list[Box]] = []
    for tensor, group in merged.items():
        name = names[tensor]
        sources = [known_by[id(each)] for each in _inputs(group[0])]
        for each in sources:
            taken[each].append(name)
        ranks[tensor] = 1 + max(ranks[each] for each in sources)
        symbol = f"{symbol_of[name]}: " if symbol_of.get(name) else ""
        lines = [
            _what(group[0]),
            ", ".join(map(_what, group[1:])),
            symbol + shape(_outputs(group[-1])[0]),
        ]
        rows.extend([] for _ in range(ranks[tensor] + 1 - len(rows)))
        rows[ranks[tensor]].append(Box(name, [line for line in lines if line]))
    return Network(
        title,
        fill,
        rows,
        [Arrow(names[tensor], box) for tensor in merged for box in taken[tensor]],
        [taken[tensor] for tensor in inputs],
        outputs,
    )


def shape(tensor: keras.KerasTensor) -> str:
    """The shape of a tensor without the batch: "14 x 14 x 28", with signs of multiplication."""
    return " \N{MULTIPLICATION SIGN} ".join(map(str, tensor.shape[1:]))


def _inputs(layer: layers.Layer) -> list[keras.KerasTensor]:
    """The tensors that a layer takes."""
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _outputs(layer: layers.Layer) -> list[keras.KerasTensor]:
    """The tensors that a layer gives."""
    return keras.tree.flatten(layer.output)


def _what(layer: layers.Layer) -> str:
    """The kind of a layer and its sizes, in a few words: "conv 5x5, 28, stride 2"."""
    match layer:
        case layers.Conv2D() | layers.Conv2DTranspose():
            kind = "deconv" if isinstance(layer, layers.Conv2DTranspose) else "conv"
            if isinstance(layer, UpsampledDeconvolution):
                kind = f"upsample {_times((2, 2))},\n{kind}"
            words = f"{kind} {_times(layer.kernel_size)}, {layer.filters}"
            if layer.strides != (1, 1):
                same = len(set(layer.strides)) == 1
                words += f", stride {layer.strides[0] if same else _times(layer.strides)}"
        case Windows():
            return f"FC, window {_times((layer.size, layer.size))}"
        case layers.Dense():
            words = f"FC, {layer.units}"
        case layers.LSTMCell():
            return f"LSTM, {layer.units}"
        case layers.BatchNormalization():
            words = "BN"
        case layers.Activation():
            return _activation(layer)
        case layers.Concatenate():
            words = "join"
        case layers.MaxPooling2D():
            words = f"max pool {_times(layer.pool_size)}"
        case layers.UpSampling2D():
            words = f"upsample {_times(layer.size)}"
        case _:
            words = type(layer).__name__.lower()
    own = _activation(layer) if hasattr(layer, "activation") else "linear"
    return words if own == "linear" else f"{words}, {own}"


def _times(sizes: Sequence[int]) -> str:
    """The sizes with signs of multiplication between them: "5x5"."""
    return "\N{MULTIPLICATION SIGN}".join(map(str, sizes))


def _activation(layer: layers.Layer) -> str:
    """The name of a layer's activation."""
    name = layer.activation.__name__
    return "ReLU" if name == "relu" else name


# The figures.


def vae(model: VAE) -> Diagram:
    """Figure 1 (section 2.1), or of a `CVAE` figure 2 (section 2.2), with y drawn beside both."""
    y = ", y" if model.condition.size else ""
    given = "|z, y" if y else "|z"
    equation = "" if y else " (1)"
    weight = _weight(model.kl_weight)
    encoder, decoder, posterior, code = _generator(model)
    columns = [
        Column([_image(model), encoder, posterior]),
        Column(
            [
                Box("reconstruction", ["reconstruction", rf"$L_x = -\log\,p(x{given})$"], LOSS),
                Box("loss", [f"loss{equation}", rf"$L(x{y}) = {weight}L_{{KL}} + L_x$"], LOSS),
                _kl(y),
                code,
            ]
        ),
        Column([_likelihood(model, [rf"$p(x{given})$"]), decoder.upwards()]),
    ]
    arrows = [
        *encoder.fed(0, "x"),
        *(Arrow(output, "posterior") for output in encoder.outputs),
        Arrow("posterior", "z"),
        Arrow("posterior", "kl"),
        *decoder.fed(0, "z"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("x", "reconstruction"),
        Arrow("likelihood", "reconstruction"),
        Arrow("reconstruction", "loss"),
        Arrow("kl", "loss"),
    ]
    if y:
        # y stands outside of both networks, so that no arrow has to cross another.
        for network, side in ((encoder, 0), (decoder, len(columns) + 1)):
            name = f"y/{network.title.lower()}"
            box = Box(name, ["$y$", shape(model.encoder.inputs[1])])
            columns.insert(side, Column([box], {name: network.inputs[1][0]}))
            arrows += network.fed(1, name)
    return Diagram(columns, arrows)


def semi_supervised(model: SemiSupervisedVAE) -> Diagram:
    """Figure 3 (section 2.3): a CVAE whose trunk gives q(y | x) too, and the sum over y."""
    trunk = read(
        model.trunk, "Trunk", ENCODER, [r"$W\,h_1$", r"$\log\,\sigma^2$", r"logits $\ell$"]
    )
    head = read(model.head, "Head", ENCODER, [r"$\mu$"])
    decoder = read(model.decoder, "Decoder", DECODER)
    posterior, code = _codes(model)
    product, log_variance, logits = trunk.outputs
    y = ["$y$", shape(model.head.inputs[1])]
    weights = model.objective
    columns = [
        # The head takes the product at the height where the trunk gives it.
        Column(
            [Box("y/head", y), head],
            {head.inputs[1][0]: trunk.rows[-2][0].name, head.inputs[0][0]: product},
        ),
        Column([_image(model), trunk, posterior]),
        Column(
            [
                Box(
                    "unlabelled",
                    [
                        "unlabelled",
                        r"$U(x) = -H(q(y|x))$",
                        r"$+\,\Sigma_y\,q(y|x)\,L(x, y)$",
                    ],
                    LOSS,
                ),
                Box(
                    "loss",
                    [
                        "loss",
                        rf"${_weight(weights.labelled)}L(x, y)$",
                        rf"$+\,{_weight(weights.unlabelled)}U(x)$",
                        rf"$+\,{_weight(weights.classification)}L_y$",
                    ],
                    LOSS,
                ),
                Box("classification", ["classification", r"$L_y = -\log\,q(y|x)$"], LOSS),
                Box("q(y|x)", ["$q(y|x) =$", r"$\mathrm{Cat}(\mathrm{softmax}(\ell))$"]),
            ],
            {"q(y|x)": trunk.rows[-2][0].name},
        ),
        Column(
            [
                Box("reconstruction", ["reconstruction", r"$L_x = -\log\,p(x|z, y)$"], LOSS),
                Box(
                    "labelled",
                    [
                        "labelled",
                        rf"$L(x, y) = {_weight(model.kl_weight)}L_{{KL}}$",
                        r"$+\,L_x - \log\,p(y)$",
                    ],
                    LOSS,
                ),
                Box("kl", ["$L_{KL} =$", r"$\mathrm{KL}(q(z|x, y) \| N(0, I))$"], LOSS),
                code,
            ],
            {"labelled": "loss"},
        ),
        Column([_likelihood(model, ["$p(x|z, y)$"]), decoder.upwards()]),
        Column([Box("y/decoder", y)], {"y/decoder": decoder.inputs[1][0]}),
    ]
    arrows = [
        *trunk.fed(0, "x"),
        *head.fed(0, product),
        *head.fed(1, "y/head"),
        Arrow(log_variance, "posterior"),
        Arrow(head.outputs[0], "posterior"),
        Arrow(logits, "q(y|x)", ("right", "bottom")),
        Arrow("posterior", "z"),
        Arrow("posterior", "kl"),
        *decoder.fed(0, "z"),
        *decoder.fed(1, "y/decoder"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("x", "reconstruction", ("top", "top")),
        Arrow("likelihood", "reconstruction"),
        Arrow("reconstruction", "labelled"),
        Arrow("kl", "labelled"),
        Arrow("labelled", "unlabelled"),
        Arrow("labelled", "loss"),
        Arrow("q(y|x)", "unlabelled", ("left", "left")),
        Arrow("q(y|x)", "classification"),
        Arrow("classification", "loss"),
        Arrow("unlabelled", "loss"),
    ]
    return Diagram(columns, arrows)


def draw_step(model: DRAW) -> Diagram:
    """Figure 4, right (section 2.4): a step of DRAW; its left part is `vae`.

    The canvas of the step before stands at the right, where it is written to, and its way to the
    error image, which is read, leads over all columns.
    """
    symbols = [r"$\mu_t$", r"$\log\,\sigma_t^2$", r"$h_t^{enc}$"]
    encoder = read(model.encoder, "Encoder", ENCODER, symbols)
    decoder = read(model.decoder, "Decoder", DECODER, ["", r"$h_t^{dec}$"])
    canvas = shape(model.decoder.outputs[0])
    picture = shape(model.encoder.inputs[0])
    hidden = shape(model.encoder.inputs[2])
    divergence = r"\mathrm{KL}(q(z_t|h_t^{enc}) \| N(0, I))"
    lstm, decoder_lstm = encoder.inputs[3][0], decoder.inputs[1][0]
    columns = [
        Column(
            [
                Box(
                    "error",
                    [r"$\hat{x}_t = x -$", r"$\mathrm{mean}\,D(\cdot|c_{t-1})$", picture],
                ),
                Box("x", ["$x$", picture]),
            ],
            {"x": encoder.rows[2][0].name},
        ),
        Column(
            [
                encoder,
                Box("posterior", [r"$q(z_t|h_t^{enc}) = N(\mu_t, \sigma_t^2)$"]),
                Box(
                    "kl",
                    [rf"$L_z = \Sigma_{{t=1}}^{{{model.steps}}} {divergence}$"],
                    LOSS,
                ),
            ]
        ),
        Column(
            [
                Box("decoder before", [r"$h_{t-1}^{dec}$ and cell", hidden]),
                Box("encoder before", [r"$h_{t-1}^{enc}$ and cell", hidden]),
                Box(
                    "z",
                    [
                        r"$z_t = \mu_t + \sigma_t\,\epsilon$",
                        r"$\epsilon \sim N(0, I)$",
                        shape(model.decoder.inputs[0]),
                    ],
                ),
            ],
            {"decoder before": encoder.rows[0][-1].name, "encoder before": lstm, "z": "posterior"},
        ),
        Column([decoder.upwards()], {decoder_lstm: "posterior"}),
        Column(
            [
                Box("canvas before", [r"$c_{t-1}$", canvas]),
                Box("canvas", [r"$c_t = c_{t-1} + \mathrm{write}$", canvas]),
                _likelihood(model, [rf"$D(x|c_T)$, $T = {model.steps}$"]),
                Box("reconstruction", [r"$L_x = -\log\,D(x|c_T)$"], LOSS),
                Box("loss", ["loss", rf"$L = {_weight(model.kl_weight)}L_z + L_x$"], LOSS),
            ],
        ),
    ]
    arrows = [
        *encoder.fed(0, "x"),
        *encoder.fed(1, "error"),
        *encoder.fed(2, "decoder before"),
        *encoder.fed(3, "encoder before"),
        Arrow("x", "error"),
        Arrow(encoder.outputs[0], "posterior"),
        Arrow(encoder.outputs[1], "posterior"),
        Arrow("posterior", "z"),
        Arrow("posterior", "kl"),
        *decoder.fed(0, "z"),
        *decoder.fed(1, "decoder before"),
        Arrow(decoder.outputs[0], "canvas"),
        Arrow("canvas before", "canvas"),
        Arrow("canvas before", "error", ("top", "top")),
        Arrow("canvas", "likelihood"),
        Arrow("likelihood", "reconstruction"),
        Arrow("reconstruction", "loss"),
        Arrow("kl", "loss"),
    ]
    return Diagram(columns, arrows)


def vae_gan(model: VAEGAN) -> Diagram:
    """Figure 5 (section 3.1): a VAE, the code of the prior beside its own, and a discriminator."""
    generator = model.generator
    encoder, decoder, posterior, code = _generator(generator)
    symbols = [r"$f_l$", r"logit $\ell$"]
    discriminator = read(model.discriminator, "Discriminator", DISCRIMINATOR, symbols)
    features, logit = discriminator.outputs
    picture = shape(model.discriminator.inputs[0])
    weight = _weight(model.adversarial_weight)
    columns = [
        Column([_image(generator), encoder, posterior, _kl()]),
        Column(
            [
                Box("prior", [r"$z_p \sim N(0, I)$", shape(generator.decoder.inputs[0])]),
                code,
            ],
            {"prior": encoder.outputs[0], "z": "posterior"},
        ),
        Column(
            [
                [
                    Box("reconstructed", [r"$\tilde{x} = \mathrm{Dec}(z)$", picture]),
                    Box("sampled", [r"$x_p = \mathrm{Dec}(z_p)$", picture]),
                ],
                _likelihood(generator, ["mean of $p(x|z)$"]),
                decoder.upwards(),
            ],
            {decoder.inputs[0][0]: "posterior"},
        ),
        Column(
            [
                Box(
                    "feature",
                    [
                        "feature loss",
                        r"$L_l = \|f_l(x) - f_l(\tilde{x})\|^2 / 2\sigma^2$",
                        rf"$\sigma^2 = {model.feature_variance:g}$",
                    ],
                    LOSS,
                ),
                Box(
                    "generator loss",
                    [
                        "generator loss (2)",
                        rf"$L_G = {_weight(generator.kl_weight)}L_{{KL}} + L_l$",
                        rf"$-\,{weight}\log\,D(x_p)$",
                        rf"$-\,{weight}\log\,D(\tilde{{x}})$",
                    ],
                    LOSS,
                ),
            ],
            {"feature": features},
        ),
        Column(
            [
                discriminator,
                Box("D", [r"$D = \mathrm{sigmoid}(\ell)$"]),
                Box(
                    "discriminator loss",
                    [
                        "discriminator loss (3)",
                        r"$L_D = -\log\,D(x)$",
                        r"$-\,\log(1 - D(x_p))$",
                        r"$-\,\log(1 - D(\tilde{x}))$",
                    ],
                    LOSS,
                ),
            ],
        ),
    ]
    arrows = [
        *encoder.fed(0, "x"),
        *(Arrow(output, "posterior") for output in encoder.outputs),
        Arrow("posterior", "kl"),
        Arrow("posterior", "z"),
        *decoder.fed(0, "z", "prior"),
        Arrow(decoder.outputs[0], "likelihood"),
        Arrow("likelihood", "reconstructed"),
        Arrow("likelihood", "sampled"),
        *discriminator.fed(0, "x", "reconstructed", "sampled", sides=("top", "top")),
        Arrow(features, "feature"),
        Arrow(logit, "D"),
        Arrow("D", "discriminator loss"),
        Arrow("D", "generator loss", ("left", "top")),
        Arrow("feature", "generator loss"),
        Arrow("kl", "generator loss"),
    ]
    return Diagram(columns, arrows)


def _generator(model: VAE) -> tuple[Network, Network, Box, Box]:
    """The parts of a VAE's diagram: encoder and decoder, q(z | x) and the sampled code."""
    symbols = [r"$\mu$", r"$\log\,\sigma^2$"]
    return (
        read(model.encoder, "Encoder", ENCODER, symbols),
        read(model.decoder, "Decoder", DECODER),
        *_codes(model),
    )


def _codes(model: VAE) -> tuple[Box, Box]:
    """q(z | x) and the sampled code."""
    y = ", y" if model.condition.size else ""
    return (
        Box("posterior", [rf"$q(z|x{y}) = N(\mu, \sigma^2)$"]),
        Box(
            "z",
            [
                r"$z = \mu + \sigma\,\epsilon$",
                r"$\epsilon \sim N(0, I)$",
                shape(model.decoder.inputs[0]),
            ],
        ),
    )


def _image(model: VAE) -> Box:
    """The box of the image x."""
    return Box("x", ["$x$", shape(model.encoder.inputs[0])])


def _kl(y: str = "") -> Box:
    """The box of the KL divergence of a posterior, given x or "x, y"."""
    return Box("kl", [rf"$L_{{KL}} = \mathrm{{KL}}(q(z|x{y}) \| N(0, I))$"], LOSS)


def _likelihood(model: VAE, lines: Sequence[str]) -> Box:
    """The box of the likelihood: some lines, and its kind."""
    return Box("likelihood", [*lines, type(model.likelihood).__name__])


def _weight(value: float) -> str:
    """The weight before a term, in mathtext, of four decimals at most; nothing for 1."""
    return "" if value == 1 else rf"{round(value, 4):g}\,"


def save(diagram: Diagram, folder: Path, figure: str, custom: bool) -> None:
    """Writes a diagram as <figure>.png and .pdf, or <figure>-custom.png, and prints where.

    Args:
        diagram: the figure's.
        folder: of the file, made if there is none.
        figure: the name.
        custom: whether the settings are others than the report's.

    Raises:
        UserError: the folder cannot be made or written.
    """
    path = folder / f"{figure}{'-custom' if custom else ''}.png"
    for ending in (".pdf", ".png"):
        grids.save(page(diagram), path.with_suffix(ending))
    print(f"Wrote {path} and {path.with_suffix('.pdf').name}")
