"""How long a training step takes, model by model, and how near that is to the machine's ceiling."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("step_time")
