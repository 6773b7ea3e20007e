"""How long a training step takes, model by model, and how near that is to the machine's ceiling."""

from vae_gan_tf.experiments import scripts, step_time

if __name__ == "__main__":
    scripts.run(step_time.main)
