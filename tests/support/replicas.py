"""A program that trains on two logical processors under tf.distribute and writes what it saw.

It is a process of its own, for logical processors must be set before TensorFlow starts. Its
argument is the .npz file that it writes, whose keys are names with slashes.
"""

import itertools
import math
import os
import sys

import keras
import numpy as np
import tensorflow as tf

import vae_gan_tf
from support import models
from vae_gan_tf import networks, replicas
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.classifying import uninformed

OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.01),
    "clipped SGD": lambda: keras.optimizers.SGD(0.1, global_clipnorm=0.5),
    # Its steps depend on the sign of gradients that are nearly 0 alone with a smaller epsilon.
    "Adam": lambda: keras.optimizers.Adam(0.01, epsilon=1e-2),
}
EVERY = "EVERY_KIND" in os.environ
"""Whether all kinds are trained with all optimizers, by hand, with --every-kind."""

SAMPLE = ("VAE", "conditional DRAW", "CVAE-GAN", "M2 with GAN", "DRAW-GAN of classes")
KINDS = tuple(models.KINDS) if EVERY else SAMPLE
"""A sample of the kinds, for a step on two replicas that is not traced takes long."""

OTHERS = KINDS if EVERY else ("CVAE-GAN",)
"""Kinds that are trained with the other optimizers too."""

WEIGHTS = {"label_weight": 0.0, "gradient_penalty": 0.1}
"""Of terms that a model has not by default."""

NORMAL = tf.random.stateless_normal


def draw_noise_by(normal):
    """Has TensorFlow and TensorFlow Probability draw normal numbers by another function."""
    for random in (tf.random, tf.compat.v2.random):
        random.stateless_normal = normal


def build(kind, optimizer):
    """A model whose batch normalisation does not make an image depend on its batch."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    for weight, value in WEIGHTS.items():
        if hasattr(model, weight):
            setattr(model, weight, value)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(OPTIMIZERS[optimizer](), run_eagerly=True)
    return model


def step(strategy, kind, optimizer):
    """One step on eight images: what it shows, and how far each weight moves."""
    with strategy.scope():
        model = build(kind, optimizer)
    before = [weight.numpy() for weight in model.trainable_variables]
    shown = model.fit(models.dataset(kind, 8, batch=8), verbose=0).history
    found = {f"shown/{name}": values[0] for name, values in shown.items()}
    for number, (weight, old) in enumerate(zip(model.trainable_variables, before, strict=True)):
        found[f"moves/{number}"] = weight.numpy() - old
    return found


def step_without_randomness(strategy, kind, optimizer):
    """As `step`; every other image has the same noise, on however many replicas.

    Beside it what each replica would have drawn in the n-th place, "noise/<replica>/<n>".
    """
    size = 2 * math.prod(generator(models.KINDS[kind]()).code_shape)
    counts, drawn = [itertools.count(), itertools.count()], {}

    def normal(shape, seed, mean=0.0, stddev=1.0, dtype=tf.float32, **kwargs):
        replica = int(tf.distribute.get_replica_context().replica_id_in_sync_group)
        drawn[f"noise/{replica}/{next(counts[replica])}"] = NORMAL([8], seed).numpy()
        values = tf.sin(3.0 * tf.cast(tf.range(tf.reduce_prod(shape)) % size, dtype))
        return tf.cast(mean, dtype) + stddev * tf.reshape(values, shape)

    draw_noise_by(normal)
    return step(strategy, kind, optimizer) | drawn


def averages_of_batch_normalisation(strategy, size):
    """The mean that is kept of dark images on one replica and bright ones on the other.

    Of 4 x 4 pixels TensorFlow's fused operation normalises, of 3 x 3 Keras does.
    """
    draw_noise_by(NORMAL)
    with strategy.scope():
        image = keras.Input((size, size, 1))
        h = networks.BatchNormalization(name="kept", momentum=0.5)(keras.layers.Flatten()(image))
        encoder = keras.Model(image, [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
        code = keras.Input((2,))
        picture = keras.layers.Reshape((size, size, 1))(keras.layers.Dense(size**2)(code))
        model = vae_gan_tf.VAE(encoder, keras.Model(code, picture))
        model.compile(keras.optimizers.SGD(0.0))
    images = np.repeat(np.float32([0.125, 0.875]), 8)[:, None, None, None]
    images = images * np.ones([size, size, 1])
    model.fit(tf.data.Dataset.from_tensor_slices(np.float32(images)).batch(16), verbose=0)
    kept = model.encoder.get_layer("kept").moving_mean
    return {
        "replicas": [each.numpy() for each in strategy.experimental_local_results(kept.value)],
        "used": kept.numpy(),
    }


class Overflowing(vae_gan_tf.VAE):
    """The gradients of its second replica are infinite in its first step."""

    def training_loss(self, x, y, seed):
        loss, terms = super().training_loss(x, y, seed)
        context = tf.distribute.get_replica_context()
        second = tf.equal(context.replica_id_in_sync_group, context.num_replicas_in_sync - 1)
        first = tf.equal(tf.convert_to_tensor(self.optimizer.inner_optimizer.iterations), 0)
        return loss * tf.where(second & first, np.float32(np.inf), 1.0), terms


def overflow(strategy):
    """What a step whose gradients overflow on one replica leaves."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = Overflowing(*models.small_networks())
        model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.01), 16.0))
    before = [weight.numpy() for weight in model.trainable_variables]
    model.fit(models.dataset("VAE", 8, batch=8), verbose=0)
    after = [weight.numpy() for weight in model.trainable_variables]
    same = all(map(np.array_equal, before, after))
    return {"same": same, "scale": model.optimizer.dynamic_scale.numpy()}


def leftovers(strategy):
    """Of batches that leave a replica with fewer images than the other, or with none.

    The model is fitted outside of the strategy's scope, where Adam makes its variables.
    """
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = models.vae()
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        model.compile(keras.optimizers.Adam(0.01))
    images = models.images(9)
    found = {"evaluated": np.isfinite(model.evaluate(images, batch_size=8, verbose=0)).all()}
    found["predicted"] = model.predict(images, batch_size=8, verbose=0)
    for batch in (8, 7):  # the last batch has one image; the first one more than the other replica
        history = model.fit(images, batch_size=batch, verbose=0).history
        found[f"trained/{batch}"] = np.isfinite(history["loss"]).all()
    found["on_batch"] = np.isfinite(model.train_on_batch(images) + model.test_on_batch(images))
    return found


def information(strategy):
    """What eight images lack of even and certain classes, and its gradient by their logits.

    Of two replicas one has five of the images and the other three.
    """
    logits = 3 * NORMAL([8, 3], [0, 1])
    parts = [logits[:5], logits[5:]] if strategy.num_replicas_in_sync == 2 else [logits]

    def own():
        replica = int(tf.distribute.get_replica_context().replica_id_in_sync_group)
        mine = parts[replica]
        number = tf.shape(mine)[0]
        with tf.GradientTape() as tape:
            tape.watch(mine)
            cost = uninformed(mine)
        gradient = replicas.share(number) * tape.gradient(cost, mine)
        return replicas.mean([cost], number)[0], gradient

    cost, gradients = map(strategy.experimental_local_results, strategy.run(own))
    return {"cost": cost[0].numpy(), "gradient": tf.concat(gradients, 0).numpy()}


def shown_places(strategy):
    """The same images as `moved_and_cut` shows them on each replica."""
    images = models.images(8)
    with strategy.scope():
        image = shown = keras.Input(models.SHAPE)
        for layer in networks.moved_and_cut():
            shown = layer(shown)
        network = keras.Model(image, shown)
    seen = strategy.run(tf.function(lambda: network(images, training=True)))
    each = strategy.experimental_local_results(seen)
    return {str(number): images.numpy() for number, images in enumerate(each)}


def refusal(strategy):
    """The name of the error that labels out of range end in."""
    with strategy.scope():
        model = models.cvae()
        model.compile(keras.optimizers.SGD(0.0))
    images, labels = models.arrays("CVAE of labels", 8)
    data = tf.data.Dataset.from_tensor_slices((images, labels + 1)).batch(8)
    try:
        model.fit(data, verbose=0)
    except Exception as error:
        return {"error": type(error).__name__}
    return {"error": "none"}


def main(path):
    processor = tf.config.list_physical_devices("CPU")[0]
    logical = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, logical)
    places = {
        "one": tf.distribute.get_strategy(),
        "two": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    }
    found = {}

    def keep(name, values):
        found.update({f"{name}/{key}": value for key, value in values.items()})

    for kind, (place, strategy) in itertools.product(KINDS, places.items()):
        for optimizer in OPTIMIZERS:
            if optimizer == "SGD" or kind in OTHERS:
                values = step_without_randomness(strategy, kind, optimizer)
                keep(f"{optimizer}/{kind}/{place}", values)
    for size in (3, 4):
        keep(f"averages/{size}", averages_of_batch_normalisation(places["two"], size))
    for place, strategy in places.items():
        keep(f"overflow/{place}", overflow(strategy))
        keep(f"leftovers/{place}", leftovers(strategy))
        keep(f"information/{place}", information(strategy))
        keep(f"places/{place}", shown_places(strategy))
    keep("refusal", refusal(places["two"]))
    np.savez(path, **found)


if __name__ == "__main__":
    main(sys.argv[1])
