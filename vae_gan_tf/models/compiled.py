"""What every model is to a Keras program: compiled, fitted, evaluated, saved and exported."""

import abc
import types
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf import replicas
from vae_gan_tf.errors import UserError
from vae_gan_tf.serialization import Configured

Logs = dict[str, Any]
"""Scalars by name."""

StepFunction = Callable[[Iterator[Any]], Logs]
"""What Keras makes of a step: it takes batches from an iterator and gives the logs."""


NO_IMAGES = "a batch without images given, at least one expected"

DRIVEN = (
    type(tf.distribute.get_strategy()),  # that of a single device
    tf.distribute.MirroredStrategy,
    tf.distribute.OneDeviceStrategy,
)
"""The strategies of ``tf.distribute`` that Keras' ``fit`` can drive."""

AT_ONCE = 5000
"""Images of arrays that are looked at in one go."""

EVERY_IMAGE_COUNTS = "weights of images or classes given, and every image counts the same"


class CompiledModel(Configured, keras.Model, abc.ABC):
    """The base class of the models: ``compile``, ``fit`` and what else Keras has for every model.

    Each batch is looked at before the step that it is for (`check`), outside of what is compiled:
    XLA drops assertions. What ``fit`` shows are means over the images of the epoch so far.
    """

    default_learning_rate: ClassVar[float] = 1e-3
    """That of the Adam which ``compile`` sets where it is given no optimizer."""

    loss_methods: ClassVar[str] = "training_loss"
    """The methods that a subclass with another loss overrides."""

    train_function: Any
    test_function: Any
    predict_function: Any

    def __init__(self, **kwargs: Any):
        # Sums and distributions are float32 whatever the global policy; networks have their own.
        super().__init__(**({"dtype": "float32"} | kwargs))
        self.means = Means()
        # A dictionary would become a part of a checkpoint.
        self._made_with = types.SimpleNamespace(train=None, test=None, predict=None)

    @abc.abstractmethod
    def check(self, data: Any, training: bool) -> int:
        """The number of images in a batch of data, which is looked at.

        Args:
            data: what Keras passes to a step, no symbolic tensors.
            training: whether it is to be trained on; else it is to be evaluated.

        Raises:
            UserError: the model cannot take it.
        """

    @abc.abstractmethod
    def input_specs(self) -> list[tf.TensorSpec]:
        """The specifications of images and side information, for ``export``."""

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer | None = None,
        *,
        loss: None = None,
        loss_weights: None = None,
        metrics: None = None,
        weighted_metrics: None = None,
        auto_scale_loss: bool = True,
        **kwargs: Any,
    ) -> None:
        """Keras' ``compile``.

        Args:
            optimizer: Adam, with the rate of the report, if None.
            loss: None: the loss is the model's own.
            loss_weights: None.
            metrics: None: what is shown are the terms of the loss.
            weighted_metrics: None.
            auto_scale_loss: whether the loss is scaled where a network computes in float16.
            **kwargs: ``run_eagerly``, ``steps_per_execution`` and ``jit_compile``.

        Raises:
            UserError: a loss or metrics are given, or what several replicas cannot do.
        """
        given = {
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }
        for name, value in given.items():
            if value is not None:
                raise UserError(
                    f"compile({name}=...) given, and {type(self).__name__} has a loss and terms of "
                    f"its own; another loss is a subclass with its own {self.loss_methods}"
                )
        optimizer = self.prepared(optimizer, auto_scale_loss)
        if self.distribute_strategy.num_replicas_in_sync > 1:
            if kwargs.get("jit_compile") is True:
                raise UserError("jit_compile given, and XLA compiles no step of several devices")
            kwargs["jit_compile"] = False  # Keras would switch it on by itself on GPUs
        super().compile(optimizer, auto_scale_loss=False, **kwargs)

    def prepared(
        self, optimizer: str | keras.optimizers.Optimizer | None, scale_loss: bool
    ) -> keras.optimizers.Optimizer:
        """The optimizer, or the default one, with a scale of the loss where float16 needs it."""
        if optimizer is None:
            optimizer = keras.optimizers.Adam(self.default_learning_rate)
        optimizer = keras.optimizers.get(optimizer)
        inner: Any = getattr(optimizer, "inner_optimizer", optimizer)
        writes_back = inner.use_ema and inner.ema_overwrite_frequency
        several = self.distribute_strategy.num_replicas_in_sync > 1
        if several and (inner.gradient_accumulation_steps or writes_back):
            raise UserError(
                f"{type(inner).__name__} with gradient_accumulation_steps or "
                "ema_overwrite_frequency given, which Keras cannot do on several devices"
            )
        scaled = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        computed = {layer.compute_dtype for layer in layers_of(self)}
        if scale_loss and "float16" in computed and not scaled:
            return keras.optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
        return optimizer

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles as the model was that ``get_compile_config`` described."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.build_optimizers()

    def build_optimizers(self) -> None:
        """Makes the variables of the optimizers."""
        self._build(self.optimizer, self.trainable_variables)

    def _build(
        self, optimizer: keras.optimizers.Optimizer, variables: list[keras.Variable]
    ) -> None:
        """Makes an optimizer's variables, once: one that scales the loss would make them again."""
        if not optimizer.built:
            with self.distribute_strategy.scope():  # Keras' fit is outside of it
                optimizer.build(variables)

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        *args: Any,
        sample_weight: None = None,
        class_weight: None = None,
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Keras' ``fit``.

        Raises:
            UserError: weights of images are given; values that the model cannot be trained on: of
                arrays before the first step, else before the step of the batch that holds them;
                the model was made under a strategy that Keras cannot drive.
        """
        self._check_driven()
        if sample_weight is not None or class_weight is not None:
            raise UserError(EVERY_IMAGE_COUNTS)
        check_some(x)
        x, y = as_arrays(x), as_arrays(y)
        if "validation_data" in kwargs:
            kwargs["validation_data"] = as_arrays(kwargs["validation_data"])
        if isinstance(as_tuple(x)[0], np.ndarray | tf.Tensor):
            self._check_arrays((x,) if y is None else (x, y))
        return super().fit(x, y, *args, **kwargs)

    def _check_driven(self) -> None:
        """Raises a UserError where the model was made under a strategy that Keras cannot drive."""
        over = self.distribute_strategy
        if not isinstance(over, DRIVEN):
            raise UserError(
                f"fit given a model of a {type(over).__name__}, which Keras 3 cannot drive "
                "(keras-team/keras#20585); the scripts in reproduce/ can: set TF_CONFIG and run "
                "python reproduce/figure6.py on each worker"
            )

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Nothing: networks and optimizers are built here before.

        Keras would build them by the mean of what the replicas have of a first batch, which fails
        where one has more images than another.
        """
        if self.compiled:
            self.build_optimizers()

    def _check_arrays(self, arrays: Any) -> None:
        """Looks at arrays before the first step, some images at a time, a matter of memory."""
        for start in range(0, len(keras.tree.flatten(arrays)[0]), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            part = keras.tree.map_structure(lambda values, some=some: values[some], arrays)
            self.check(part, training=True)

    def evaluate(
        self, x: Any = None, y: Any = None, *args: Any, sample_weight: None = None, **kwargs: Any
    ) -> Any:
        """Keras' ``evaluate``: the means of what ``test_step`` gives.

        Raises:
            UserError: values that the model cannot take, or weights of images, are given.
        """
        if sample_weight is not None:
            raise UserError(EVERY_IMAGE_COUNTS)
        check_some(x)
        return super().evaluate(as_arrays(x), as_arrays(y), *args, **kwargs)

    def predict(self, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Keras' ``predict``: the reconstructions of images, or of pairs (images, y).

        Raises:
            UserError: values that the model cannot take are given.
        """
        check_some(x)
        return super().predict(as_arrays(x), *args, **kwargs)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: None = None,
        class_weight: None = None,
        **kwargs: Any,
    ) -> Any:
        """Keras' ``train_on_batch``.

        Raises:
            UserError: values that the model cannot be trained on, or weights of images, are given.
        """
        self._check_driven()
        if sample_weight is not None or class_weight is not None:
            raise UserError(EVERY_IMAGE_COUNTS)
        return super().train_on_batch(as_arrays(x), as_arrays(y), **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the model; a UserError is one sentence, to which Keras would add the arguments."""
        try:
            return super().__call__(*map(as_arrays, args), **kwargs)
        except UserError as error:
            original: BaseException = error
            while isinstance(original.__context__, UserError):
                original = original.__context__
            raise original from None

    def make_train_function(self, force: bool = False) -> None:
        """Makes what ``fit`` calls: a step on each batch, once it was looked at."""
        if self._out_of_date("train", self.train_function) or force:
            super().make_train_function(force=True)
            self.train_function = self._looking(self.train_function, training=True)

    def make_test_function(self, force: bool = False) -> None:
        """Makes what ``evaluate`` calls: a step on each batch, once it was looked at."""
        if self._out_of_date("test", self.test_function) or force:
            super().make_test_function(force=True)
            self.test_function = self._looking(self.test_function, training=False)

    def make_predict_function(self, force: bool = False) -> None:
        """Makes what ``predict`` calls: a step on each batch, once it was looked at."""
        if self._out_of_date("predict", self.predict_function) or force:
            super().make_predict_function(force=True)
            predict = self.predict_function

            def function(batches: list[Any]) -> Any:
                for batch in batches:
                    self.look(batch, training=False)
                return predict(batches)

            self.predict_function = function

    def constants(self) -> list[Any]:
        """What a compiled step holds as a constant, such as ``kl_weight``."""
        values = [getattr(self, name) for name in self.arguments]
        inner = [each.constants() for each in values if isinstance(each, CompiledModel)]
        return [each for each in values if not isinstance(each, keras.Model)] + inner

    def _out_of_date(self, which: str, function: Any) -> bool:
        """Whether a function of Keras is to be made: for the first time, or as a constant changed.

        Notes what it is made with.
        """
        now, before = self.constants(), getattr(self._made_with, which)
        setattr(self._made_with, which, now)
        return function is None or before != now

    def _looking(self, step: StepFunction, training: bool) -> StepFunction:
        """The function of a step, which looks at each batch before, and at the logs after it."""

        def function(batches: Iterator[Any]) -> Logs:
            logs: Logs | None = None
            for _, batch in zip(range(self.steps_per_execution), batches, strict=False):
                images = self.look(batch, training)
                logs = step(iter([batch]))
                if training:
                    logs = self.means.add(logs, images)
                elif self.distribute_strategy.num_replicas_in_sync > 1:
                    # The metrics of all replicas together, weighted by images.
                    logs |= {metric.name: metric.result() for metric in self.metrics}
            if logs is None:
                raise StopIteration
            self.means.shown = logs
            return logs

        return function

    def look(self, batch: Any, training: bool) -> int:
        """The number of images in a batch, on all replicas; each part of it is looked at.

        Args:
            batch: what an iterator of a data set gives.
            training: whether it is to be trained on.

        Raises:
            UserError: the model cannot take it.
        """
        local = self.distribute_strategy.experimental_local_results
        parts = [
            keras.tree.map_structure(lambda value, place=place: local(value)[place], batch)
            for place in range(len(local(keras.tree.flatten(batch)[0])))
        ]
        # A replica may have none of the images of a last batch.
        parts = [it for it in map(without_optionals, parts) if keras.tree.flatten(it)[0].shape[0]]
        if not parts:
            raise UserError(NO_IMAGES)
        counts = [self.check(part, training) for part in parts]
        if training and 1 in counts and any(map(normalises_batches, layers_of(self))):
            raise UserError(
                "a batch of a single image given to train on, which batch normalisation would turn "
                "to nothing; give batches of two or more, such as by drop_remainder=True"
            )
        return sum(counts)

    def reset_metrics(self) -> None:
        """Begins an epoch, or an evaluation."""
        super().reset_metrics()
        self.means = Means()

    def get_metrics_result(self) -> Logs:
        """What is shown of the epoch, or the evaluation, so far."""
        return self.means.shown

    def predict_step(self, data: Any) -> tf.Tensor:
        """The reconstructions of images x, or of (x, y), at the mean of q(z | x, y)."""
        with replicas.filled(data) as (data, images):
            return self(data, training=False)[:images]

    def save(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Keras' ``save``, as a file .keras.

        Raises:
            UserError: the file is one of HDF5, which cannot hold what a model here is made of.
        """
        if Path(filepath).suffix in (".h5", ".hdf5"):
            raise UserError(f"{filepath}: a model is saved as a file .keras, not as one of HDF5")
        super().save(filepath, *args, **kwargs)

    def export(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Keras' ``export`` of the reconstructions; `vae_gan_tf.export` has more endpoints.

        The input signature is that of images and side information, unless another is given.
        """
        image, *y = self.input_specs()
        pair = [image, tuple(y) if y[1:] else y[0]] if y else image
        super().export(filepath, *args, **({"input_signature": [pair]} | kwargs))


class Means:
    """The means of logs over the batches so far, weighted by their numbers of images."""

    shown: Logs
    """What Keras shows of the epoch, or of an evaluation, so far."""

    def __init__(self) -> None:
        self.shown = {}
        self._images = 0
        self._sums: dict[str, float] = {}

    def add(self, logs: Logs, images: int) -> dict[str, float]:
        """Adds the logs of a batch; gives the means."""
        self._images += images
        for name, value in logs.items():
            self._sums[name] = self._sums.get(name, 0.0) + images * float(value)
        return {name: total / self._images for name, total in self._sums.items()}


def layers_of(model: keras.Model) -> Iterable[keras.layers.Layer]:
    """All layers of a model, those of the networks and layers in it too."""
    return model._flatten_layers(include_self=False)


def normalises_batches(layer: keras.layers.Layer) -> bool:
    """Whether a layer normalises by the statistics of a batch in training."""
    return isinstance(layer, keras.layers.BatchNormalization) and layer.trainable


def as_tuple(values: Any) -> tuple[Any, ...]:
    """The values, or the value alone."""
    return tuple(values) if isinstance(values, tuple | list) and values else (values,)


def as_arrays(data: Any) -> Any:
    """Labels in a list as an array, which Keras would take for a list of arrays; else the data."""
    if isinstance(data, list) and data and all(map(np.isscalar, data)):
        return np.asarray(data)
    return tuple(map(as_arrays, data)) if type(data) is tuple else data


def check_some(x: Any) -> None:
    """Raises a UserError if x is an array without images."""
    first = as_tuple(x)[0]
    if isinstance(first, np.ndarray | tf.Tensor) and not first.shape[0]:
        raise UserError(NO_IMAGES)


def unpack(data: Any) -> tuple[Any, Any]:
    """The x and y of what Keras passes as data.

    Raises:
        UserError: they are more than three, or weights are among them.
    """
    if isinstance(data, tuple | list) and len(data) > 3:
        raise UserError(f"images or pairs (images, side information) expected, not {len(data)}")
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise UserError(EVERY_IMAGE_COUNTS)
    return x, y


def without_optionals(data: Any) -> Any:
    """The data with None where Keras has an empty optional of TensorFlow."""
    return keras.tree.map_structure(
        lambda value: None if isinstance(value, tf.experimental.Optional) else value, data
    )
