"""The state of a compiled model that a checkpoint holds: weights, optimizers, noise."""

import keras


def optimizers(model: keras.Model) -> dict[str, keras.Optimizer]:
    """The optimizers of a compiled model, each built.

    Returns:
        By the name of the model's attribute: "optimizer", and of a GAN "discriminator_optimizer".
    """
    if not model.optimizer.built:  # those of a GAN are built by its compile
        with model.distribute_strategy.scope():
            model.optimizer.build(model.trainable_variables)
    names = ("optimizer", "discriminator_optimizer")
    return {name: getattr(model, name) for name in names if hasattr(model, name)}


def learning_rates(model: keras.Model) -> dict[str, float]:
    """The present learning rate of each optimizer: "learning_rate/optimizer" and so on."""
    return {
        f"learning_rate/{name}": float(optimizer.learning_rate.numpy())
        for name, optimizer in optimizers(model).items()
    }


def state(
    model: keras.Model,
) -> dict[str, keras.Model | keras.Optimizer | list[keras.Variable]]:
    """All that the next steps of a compiled model depend on but the batches, by name.

    The states of layers that draw noise, such as dropout, stand beside the model under "noise":
    a checkpoint of a model does not reach them.
    """
    noise = [each for each in model.variables if each.path.endswith("seed_generator_state")]
    return {"model": model, **optimizers(model), **({"noise": noise} if noise else {})}
