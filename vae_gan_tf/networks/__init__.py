"""The networks of sections 4.3 to 4.6, as functional Keras models.

Section 4: batch normalisation on all layers except the output layers, weights from a zero-centred
normal distribution, whose standard deviation the report does not give: here it is Glorot's,
sqrt(2 / (inputs + outputs)), cut off at two standard deviations. (With DCGAN's 0.02 for all layers
the discriminator wins outright; see docs/differences.md.) A layer that is normalised needs no
bias. Section 4.3: for SVHN all layers grow by 8/7, which is the argument ``width``.

Every network takes ``dtype``, a Keras dtype policy such as "mixed_bfloat16"; output layers always
compute in float32. ``condition_size`` is the length of the vector y of side information, 0 for a
network without one; a network with y takes the pair (x, y) or (z, y).
"""

import math

import keras
import tensorflow as tf
from keras import layers

from vae_gan_tf import attention
from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import registered


def _weights() -> dict:
    """The initial weights; a new object a layer, since each keeps the seed it was made with."""
    return {"kernel_initializer": keras.initializers.GlorotNormal()}


@registered
class BatchNormalization(layers.BatchNormalization):
    """Keras' batch normalisation, on images and vectors by TensorFlow's fused operation.

    The numbers, variables and settings are those of Keras; only the time differs: Keras 3
    computes mean, variance and the rest as separate operations, which takes two to three times as
    long on a CPU. But there the fused operation is the slower one unless the number of channels is
    a multiple of 4, and in bfloat16 much slower unless it is one of 16; so it is used for multiples
    of 4, and in float32 for those that are none of 16 (docs/results.md, "Speed").
    """

    def call(self, inputs, training=None, mask=None):
        """Normalises [batch, height, width, channels] and [batch, channels]; else as Keras does."""
        rank, channels = len(inputs.shape), inputs.shape[-1]
        last = self.axis in (-1, rank - 1)
        if rank not in (2, 4) or channels % 4 or not (last and self.scale and self.center):
            return super().call(inputs, training=training, mask=mask)
        images = inputs if rank == 4 else tf.reshape(inputs, [-1, 1, 1, channels])
        if channels % 16:
            images = tf.cast(images, tf.float32)
        training = bool(training) and self.trainable
        # An empty mean and variance tell the operation to use those of the batch.
        moving = ([], []) if training else (self.moving_mean, self.moving_variance)
        gamma, beta, mean, variance = (
            tf.cast(value, tf.float32) for value in (self.gamma, self.beta, *moving)
        )
        outputs, batch_mean, batch_variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=gamma,
            offset=beta,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            count = tf.cast(tf.size(images) // channels, tf.float32)
            # The operation gives the unbiased variance; Keras' moving average holds the biased one.
            batch_variance *= (count - 1) / count
            for average, value in (
                (self.moving_mean, batch_mean),
                (self.moving_variance, batch_variance),
            ):
                average.assign(average * self.momentum + value * (1 - self.momentum))
        outputs = tf.cast(outputs, inputs.dtype)
        return outputs if rank == 4 else tf.reshape(outputs, [-1, channels])


@registered
class UpsampledDeconvolution(layers.Conv2DTranspose):
    """Upsampling, which repeats each pixel 2 x 2 times, and a deconvolution of stride 1 behind it.

    The two are one deconvolution of stride 2, whose kernel is the sum of the given one at four
    places: a 2.8th of the multiply-adds for 5 x 5, and no large image in between. Padding is
    "same"; the weights are those of the deconvolution of stride 1.
    """

    def call(self, inputs):
        """[batch, height, width, channels] -> [batch, 2 height, 2 width, filters]."""
        shifts = [[one, 1 - one] for one in (0, 1)]
        kernel = tf.add_n(
            [
                tf.pad(self.kernel, [down, right, [0, 0], [0, 0]])
                for down in shifts
                for right in shifts
            ]
        )
        shape = tf.stack([tf.shape(inputs)[0], *self.compute_output_shape(inputs.shape)[1:]])
        outputs = tf.nn.conv2d_transpose(inputs, kernel, shape, strides=2, padding="SAME")
        return outputs if self.bias is None else outputs + self.bias

    def compute_output_shape(self, input_shape):
        """Twice the height and the width."""
        batch, height, width, _ = input_shape
        return (batch, 2 * height, 2 * width, self.filters)


@registered
class PooledConvolution(layers.Conv2D):
    """A convolution of stride 1 and a pool behind it, which takes the largest of 2 x 2."""

    def call(self, inputs):
        """[batch, height, width, channels] -> [batch, height / 2, width / 2, filters], rounded."""
        return tf.nn.max_pool2d(super().call(inputs), 2, 2, "SAME")

    def compute_output_shape(self, input_shape):
        """Half the height and the width, rounded up."""
        batch, height, width, filters = super().compute_output_shape(input_shape)
        return (batch, -(-height // 2), -(-width // 2), filters)


def with_pools(network: keras.Model) -> keras.Model:
    """The network with pools for strides, and upsampling for the strides of deconvolutions.

    For an ablation (section 6): section 4.3 has strides in the place of pools. It has new weights.
    """

    def changed(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        if getattr(layer, "strides", None) != (2, 2):
            return type(layer).from_config(config)
        transposed = isinstance(layer, layers.Conv2DTranspose)
        kind = UpsampledDeconvolution if transposed else PooledConvolution
        return kind.from_config(config | {"strides": (1, 1)})

    return keras.models.clone_model(network, clone_function=changed)


@registered
class Bias(layers.Layer):
    """A number for each channel, added."""

    def build(self, input_shape):
        """Makes the numbers, 0 at first."""
        self.bias = self.add_weight(shape=[input_shape[-1]], initializer="zeros", name="bias")

    def call(self, inputs, mask=None):
        """[..., channels] -> the same."""
        return inputs + tf.cast(self.bias, inputs.dtype)


def without_normalisation(network: keras.Model) -> keras.Model:
    """The network with biases in the place of batch normalisation, for an ablation (section 6).

    It has new weights.
    """

    def changed(layer: layers.Layer) -> layers.Layer:
        if isinstance(layer, BatchNormalization):
            return Bias(dtype=layer.dtype_policy.name, name=layer.name)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=changed)


@registered
class ImageNormalization(layers.GroupNormalization):
    """Layer normalisation (Ba et al. 2016) over all of an image: its pixels and channels.

    Takes the mask too that a batch normalisation is called with, in whose place it stands.
    """

    def __init__(self, groups: int = 1, **kwargs):
        super().__init__(groups, **kwargs)

    def call(self, inputs, mask=None):
        """[batch, ..., channels] -> the same; mean 0, variance 1, then scaled and shifted."""
        return super().call(inputs)


def with_size_4(network: keras.Model) -> keras.Model:
    """The network with convolutions of stride 2 of size 4 x 4, for the preset "improved".

    A stride divides this size, so that a deconvolution gives each pixel from equally many products;
    where it does not, the images have a checkerboard (Odena et al. 2016). It has new weights.
    """

    def changed(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        size = {"kernel_size": (4, 4)} if getattr(layer, "strides", None) == (2, 2) else {}
        return type(layer).from_config(config | size)

    return keras.models.clone_model(network, clone_function=changed)


def with_layer_normalisation(network: keras.Model) -> keras.Model:
    """The network normalised image by image in the place of batches, for the preset "improved".

    A discriminator whose real and generated images are normalised in batches of their own is blind
    to what all generated ones have in common: it is in the mean that is taken away. Here each image
    is normalised by itself. It has new weights.
    """

    def changed(layer: layers.Layer) -> layers.Layer:
        if isinstance(layer, BatchNormalization):
            return ImageNormalization(dtype=layer.dtype_policy, name=layer.name)
        return type(layer).from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=changed)


def with_leaky_relus(network: keras.Model) -> keras.Model:
    """The network with leaky ReLUs for its ReLUs, for the preset "improved" (section 4.5).

    It has new weights.
    """

    def changed(layer: layers.Layer) -> layers.Layer:
        config = layer.get_config()
        leaky = {"activation": "leaky_relu"} if config.get("activation") == "relu" else {}
        return type(layer).from_config(config | leaky)

    return keras.models.clone_model(network, clone_function=changed)


def _normalised(x, layer: layers.Layer, activation: str):
    """A layer without bias, batch normalisation, activation."""
    x = layer(x)
    x = BatchNormalization(dtype=layer.dtype_policy, name=f"{layer.name}_normalised")(x)
    return layers.Activation(activation, dtype=layer.dtype_policy, name=f"{layer.name}_out")(x)


def _dense(x, units: int, dtype: str, name: str, activation: str = "relu"):
    layer = layers.Dense(units, use_bias=False, dtype=dtype, name=name, **_weights())
    return _normalised(x, layer, activation)


def _convolution(
    x,
    filters: int,
    size: int,
    dtype: str,
    name: str,
    kind=layers.Conv2D,
    strides: int = 2,
    activation: str = "relu",
):
    """A convolution (or, by ``kind``, a transposed one), padding "same"."""
    layer = kind(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        dtype=dtype,
        name=name,
        **_weights(),
    )
    return _normalised(x, layer, activation)


def _join(x, condition: list):
    """The vector x, with other vectors, such as y of side information, behind it if there are."""
    return layers.Concatenate(name="joined")([x, *condition]) if condition else x


def _condition(condition_size: int) -> list:
    return [keras.Input([condition_size], name="condition")] if condition_size else []


def _gaussian(x, latent_size: int) -> list:
    """The two output layers of an encoder: mean and log-variance of q(z | x, y)."""
    return [
        layers.Dense(latent_size, dtype="float32", name=name, **_weights())(x)
        for name in ("mean", "log_variance")
    ]


def _quarter(image_shape: tuple[int, int, int]) -> tuple[int, int]:
    height, width, _ = image_shape
    if height % 4 or width % 4:
        raise UserError(
            f"the convolutional decoder doubles its image twice, so height and width must be "
            f"multiples of 4, not {height} x {width}"
        )
    return height // 4, width // 4


def convolutional_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    width: float = 1.0,
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.3: conv5-28, conv5-56, conv5-108, y joined, FC-50 each for mean and log-variance.

    Takes an image [batch, height, width, channels], or the pair (image, y [batch,
    condition_size]); gives mean and log-variance, [batch, latent_size] each.
    """
    image = keras.Input(image_shape, name="image")
    condition = _condition(condition_size)
    x = image
    for number, filters in enumerate((28, 56, 108), start=1):
        x = _convolution(x, round(filters * width), 5, dtype, f"conv{number}")
    x = _join(layers.Flatten(name="flat")(x), condition)
    return keras.Model([image, *condition], _gaussian(x, latent_size), name="encoder")


def convolutional_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    width: float = 1.0,
    parameters: int = 1,
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.3: FC-7*7*128, deconv5-64, deconv5-32, and a 1 x 1 convolution to the output.

    Takes a code [batch, latent_size], or the pair (code, y [batch, condition_size]); gives the
    parameters of the likelihood, [batch, height, width, channels * parameters].

    Raises:
        UserError: height or width is not a multiple of 4.
    """
    code = keras.Input([latent_size], name="code")
    condition = _condition(condition_size)
    rows, columns = _quarter(image_shape)
    filters = round(128 * width)
    x = _dense(_join(code, condition), rows * columns * filters, dtype, "dense")
    x = layers.Reshape([rows, columns, filters], name="reshaped")(x)
    for number, filters in enumerate((64, 32), start=1):
        x = _convolution(
            x, round(filters * width), 5, dtype, f"deconv{number}", layers.Conv2DTranspose
        )
    outputs = image_shape[-1] * parameters
    x = layers.Conv2D(outputs, 1, dtype="float32", name="parameters", **_weights())(x)
    return keras.Model([code, *condition], x, name="decoder")


def fully_connected_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    units: int = 200,
    dtype: str = "float32",
) -> keras.Model:
    """The simple encoder of section 4.4: two softplus layers over the pixels and y.

    Shapes as in `convolutional_encoder`. The report does not give the number of units; the
    originals had 200 for MNIST and 512 for SVHN.
    """
    image = keras.Input(image_shape, name="image")
    condition = _condition(condition_size)
    x = _join(layers.Flatten(name="flat")(image), condition)
    for number in (1, 2):
        x = _dense(x, units, dtype, f"dense{number}", "softplus")
    return keras.Model([image, *condition], _gaussian(x, latent_size), name="encoder")


def fully_connected_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 50,
    units: int = 200,
    parameters: int = 1,
    dtype: str = "float32",
) -> keras.Model:
    """The simple decoder of section 4.4: two softplus layers over z and y, then the pixels.

    Shapes as in `convolutional_decoder`.
    """
    code = keras.Input([latent_size], name="code")
    condition = _condition(condition_size)
    x = _join(code, condition)
    for number in (1, 2):
        x = _dense(x, units, dtype, f"dense{number}", "softplus")
    height, width, channels = image_shape
    outputs = height * width * channels * parameters
    x = layers.Dense(outputs, dtype="float32", name="parameters", **_weights())(x)
    x = layers.Reshape([height, width, channels * parameters], name="reshaped")(x)
    return keras.Model([code, *condition], x, name="decoder")


def discriminator(
    image_shape: tuple[int, int, int],
    classes: int = 1,
    width: float = 1.0,
    glimpses: int = 0,
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.3: conv3-16, conv3-32, conv3-64, FC-512 = f_l(x), FC-500, logits.

    Takes an image [batch, height, width, channels]; gives the features f_l(x) [batch, 512], the
    output of FC-512 after batch normalisation and ReLU, and the logits [batch, classes] in
    float32: 1 for "is it real?" (section 3.1), k + 1 for the classes of section 3.2.

    With ``glimpses``, which section 4.6 proposes as "attention in the GAN", it looks at the image
    again through so many windows of 8 x 8 filters, as DRAW does: where each lies FC-64 and a linear
    layer behind the convolutions tell, and FC-128 of what is seen there joins the convolutions'
    output before FC-512.
    """
    image = keras.Input(image_shape, name="image")
    x = image
    for number, filters in enumerate((16, 32, 64), start=1):
        x = _convolution(x, round(filters * width), 3, dtype, f"conv{number}")
    x = layers.Flatten(name="flat")(x)
    seen = [_glimpse(image, x, f"glimpse{number + 1}", dtype) for number in range(glimpses)]
    features = _dense(_join(x, seen), round(512 * width), dtype, "features")
    x = _dense(features, round(500 * width), dtype, "dense")
    logits = layers.Dense(classes, dtype="float32", name="logits", **_weights())(x)
    return keras.Model(image, [features, logits], name="discriminator")


def _glimpse(image, x, name: str, dtype: str, size: int = 8):
    """FC-128 of what a window shows of an image; where it lies the vector x tells."""
    where = layers.Dense(64, activation="relu", dtype=dtype, name=f"{name}_where", **_weights())(x)
    linear = attention.Windows(size, image.shape[1:], name=f"{name}_window", **_weights())
    patch = attention.Read(size, name=f"{name}_read")(image, linear(where))
    flat = layers.Flatten(name=f"{name}_flat")(patch)
    return layers.Dense(128, activation="relu", dtype=dtype, name=name, **_weights())(flat)


# Section 4.5, the semi-supervised model. Its fully connected decoder is `fully_connected_decoder`
# of 1024 units.


def _trunk(image, h, units: int, classes: int, latent_size: int, dtype: str) -> keras.Model:
    """The network from the image to what the trunks of section 4.5 make of h_1."""
    product = layers.Dense(units, use_bias=False, dtype=dtype, name="product", **_weights())(h)
    log_variance, logits = (
        layers.Dense(size, dtype="float32", name=name, **_weights())(h)
        for size, name in ((latent_size, "log_variance"), (classes, "logits"))
    )
    return keras.Model(image, [product, log_variance, logits], name="trunk")


def fully_connected_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    units: int = 1024,
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.5, what does not depend on y: FC-1024, FC-1024 = h_1 and the layers behind h_1.

    Takes an image [batch, height, width, channels]; gives the product of h_1 with its part of the
    first weight matrix of `mean_head`, [batch, units], and from a layer each the log-variance,
    [batch, latent_size], and the logits of pi(x), [batch, classes]. The layers are softplus.
    """
    image = keras.Input(image_shape, name="image")
    x = layers.Flatten(dtype=dtype, name="flat")(image)
    for number in (1, 2):
        x = _dense(x, units, dtype, f"dense{number}", "softplus")
    return _trunk(image, x, units, classes, latent_size, dtype)


def convolutional_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    width: float = 1.0,
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.5, what does not depend on y: conv5-20, pool, conv5-50, pool, FC-1024 = h_1.

    Convolutions have stride 1; a pool takes the largest of 2 x 2. Inputs and outputs are those of
    `fully_connected_trunk`, with ``units`` = 1024 * width; the layers are ReLU.
    """
    image = keras.Input(image_shape, name="image")
    x = image
    for number, filters in enumerate((20, 50), start=1):
        x = _convolution(x, round(filters * width), 5, dtype, f"conv{number}", strides=1)
        x = layers.MaxPooling2D(2, dtype=dtype, name=f"pool{number}")(x)
    units = round(1024 * width)
    x = _dense(layers.Flatten(dtype=dtype, name="flat")(x), units, dtype, "dense")
    return _trunk(image, x, units, classes, latent_size, dtype)


def mean_head(
    classes: int = 10,
    latent_size: int = 50,
    units: int = 1024,
    activation: str = "relu",
    dtype: str = "float32",
) -> keras.Model:
    """Section 4.5, what depends on y: [h_1, y], FC-1024, FC-50 = mu(x, y).

    FC-1024 without its product with h_1, which the trunk gives: that has no y in it, so it is
    computed once for all classes. Each part of the weight matrix starts with Glorot's scale for
    its own number of inputs.

    Takes the pair (product [batch, units], y [batch, classes]); gives the mean [batch,
    latent_size]. ``activation`` is "relu" beside the convolutional trunk, "softplus" beside the
    fully connected one.
    """
    product = keras.Input([units], name="product")
    y = keras.Input([classes], name="condition")
    of_y = layers.Dense(units, use_bias=False, dtype=dtype, name="product_of_y", **_weights())(y)
    x = _normalised([product, of_y], layers.Add(dtype=dtype, name="dense"), activation)
    mean = layers.Dense(latent_size, dtype="float32", name="mean", **_weights())(x)
    return keras.Model([product, y], mean, name="head")


def upsampling_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 10,
    latent_size: int = 50,
    width: float = 1.0,
    parameters: int = 1,
    dtype: str = "float32",
) -> keras.Model:
    """The convolutional decoder of section 4.5, in which y joins behind the convolutions.

    FC-500, FC-7*7*50, upsample, deconv5-20, upsample, deconv5-1 (in general as many filters as
    the image has channels), y joined, FC-512, and FC-28*28 to the output. Deconvolutions have
    stride 1; upsampling repeats each pixel 2 x 2 times. Shapes as in `convolutional_decoder`.

    Raises:
        UserError: height or width is not a multiple of 4.
    """
    code = keras.Input([latent_size], name="code")
    condition = _condition(condition_size)
    rows, columns = _quarter(image_shape)
    *sides, channels = image_shape
    filters = round(50 * width)
    x = _dense(code, round(500 * width), dtype, "dense1")
    x = _dense(x, rows * columns * filters, dtype, "dense2")
    x = layers.Reshape([rows, columns, filters], dtype=dtype, name="reshaped")(x)
    for number, filters in enumerate((round(20 * width), channels), start=1):
        kind = UpsampledDeconvolution
        x = _convolution(x, filters, 5, dtype, f"deconv{number}", kind, strides=1)
    x = _join(layers.Flatten(dtype=dtype, name="flat")(x), condition)
    x = _dense(x, round(512 * width), dtype, "dense3")
    outputs = math.prod(image_shape) * parameters
    x = layers.Dense(outputs, dtype="float32", name="parameters", **_weights())(x)
    x = layers.Reshape([*sides, channels * parameters], name="pixels")(x)
    return keras.Model([code, *condition], x, name="decoder")


# The networks of the preset "improved" for the semi-supervised models (docs/results.md). They go
# with a `mean_head` of 512 units and leaky ReLU.


def improved_trunk(
    image_shape: tuple[int, int, int],
    classes: int = 10,
    latent_size: int = 50,
    dtype: str = "float32",
) -> keras.Model:
    """Three times a convolution and a pool; no fully connected layer.

    conv3-32, pool, conv3-64, pool, conv3-128, pool = h_1, each normalised and with a leaky ReLU.
    Inputs and outputs are those of `fully_connected_trunk`, with ``units`` = 512.
    """
    image = keras.Input(image_shape, name="image")
    x = image
    for number, filters in enumerate((32, 64, 128), start=1):
        name = f"conv{number}"
        x = _convolution(x, filters, 3, dtype, name, strides=1, activation="leaky_relu")
        x = layers.MaxPooling2D(2, dtype=dtype, name=f"pool{number}")(x)
    h = layers.Flatten(dtype=dtype, name="flat")(x)
    return _trunk(image, h, 512, classes, latent_size, dtype)


def improved_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 10,
    latent_size: int = 50,
    parameters: int = 1,
    dtype: str = "float32",
) -> keras.Model:
    """A decoder that sees y from the first layer on: z and y, FC-7*7*32, deconv4-16, deconv4.

    Deconvolutions have stride 2; leaky ReLU. Shapes as in `convolutional_decoder`.

    Raises:
        UserError: height or width is not a multiple of 4.
    """
    code = keras.Input([latent_size], name="code")
    condition = _condition(condition_size)
    rows, columns = _quarter(image_shape)
    x = _dense(_join(code, condition), rows * columns * 32, dtype, "dense", "leaky_relu")
    x = layers.Reshape([rows, columns, 32], dtype=dtype, name="reshaped")(x)
    kind = layers.Conv2DTranspose
    x = _convolution(x, 16, 4, dtype, "deconv1", kind, activation="leaky_relu")
    outputs = image_shape[-1] * parameters
    x = kind(
        outputs, 4, strides=2, padding="same", dtype="float32", name="parameters", **_weights()
    )(x)
    return keras.Model([code, *condition], x, name="decoder")


# Section 4.6, DRAW: the networks of one step. The report has an LSTM of 256 units in each; all else
# is as in Gregor et al. (2015).


def _lstm(inputs: list, hidden, cell, units: int, dtype: str) -> list:
    """A step of an LSTM on the inputs side by side; gives its new hidden and cell state."""
    x = layers.Concatenate(dtype=dtype, name="joined")(inputs) if inputs[1:] else inputs[0]
    recurrent = {"recurrent_initializer": keras.initializers.GlorotNormal()}
    lstm = layers.LSTMCell(units, dtype=dtype, name="lstm", **_weights(), **recurrent)
    return lstm(x, [hidden, cell])[1]


def draw_encoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 10,
    units: int = 256,
    read_size: int | None = 5,
    dtype: str = "float32",
) -> keras.Model:
    """The encoder of DRAW for one step: read, LSTM, FC each for mean and log-variance of z_t.

    Takes the image x and the error image [batch, height, width, channels], the decoder's hidden
    state before the step [batch, units], its own hidden and cell state [batch, units], and y
    [batch, condition_size] if there is any. Gives mean and log-variance [batch, latent_size], the
    new hidden and cell state and, with attention, the window that was read [batch, 5].

    Args:
        image_shape: height, width and channels.
        condition_size: length of y.
        latent_size: length of z_t.
        units: of the LSTM, and of the decoder's.
        read_size: N of the window, or None to see the whole image in every step.
        dtype: of the LSTM.

    Raises:
        UserError: the window is larger than the image.
    """
    attention.check_size(read_size, image_shape)
    image, error = keras.Input(image_shape, name="image"), keras.Input(image_shape, name="error")
    decoder = keras.Input([units], name="decoder_hidden")
    hidden, cell = keras.Input([units], name="hidden"), keras.Input([units], name="cell")
    condition = _condition(condition_size)
    seen, window = layers.Concatenate(name="images")([image, error]), []
    if read_size:
        window = [attention.Windows(read_size, image_shape, name="window", **_weights())(decoder)]
        seen = attention.Read(read_size, name="read")(seen, *window)
    inputs = [layers.Flatten(name="flat")(seen), decoder, *condition]
    state = _lstm(inputs, hidden, cell, units, dtype)
    inputs = [image, error, decoder, hidden, cell, *condition]
    outputs = [*_gaussian(state[0], latent_size), *state, *window]
    return keras.Model(inputs, outputs, name="encoder")


def draw_decoder(
    image_shape: tuple[int, int, int],
    condition_size: int = 0,
    latent_size: int = 10,
    units: int = 256,
    write_size: int | None = 5,
    parameters: int = 1,
    dtype: str = "float32",
) -> keras.Model:
    """The decoder of DRAW for one step: LSTM, FC, write.

    Takes z_t [batch, latent_size], its own hidden and cell state [batch, units], and y [batch,
    condition_size] if there is any. Gives what is added to the canvas [batch, height, width,
    channels * parameters], the new hidden and cell state and, with attention, the window that was
    written [batch, 5].

    Args:
        image_shape: height, width and channels.
        condition_size: length of y.
        latent_size: length of z_t.
        units: of the LSTM.
        write_size: N of the window, or None to write to the whole image in every step.
        parameters: of the likelihood for each channel of a pixel.
        dtype: of the LSTM.

    Raises:
        UserError: the window is larger than the image.
    """
    attention.check_size(write_size, image_shape)
    code = keras.Input([latent_size], name="code")
    hidden, cell = keras.Input([units], name="hidden"), keras.Input([units], name="cell")
    condition = _condition(condition_size)
    state = _lstm([code, *condition], hidden, cell, units, dtype)
    height, width, channels = image_shape
    pixels = write_size**2 if write_size else height * width
    outputs = channels * parameters
    x = layers.Dense(pixels * outputs, dtype="float32", name="patch", **_weights())(state[0])
    if write_size:
        window = [attention.Windows(write_size, image_shape, name="window", **_weights())(state[0])]
        x = attention.Write(write_size, height, width, name="write")(x, *window)
    else:
        window = []
        x = layers.Reshape([height, width, outputs], name="write")(x)
    return keras.Model([code, hidden, cell, *condition], [x, *state, *window], name="decoder")
