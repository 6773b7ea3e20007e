"""Digits sampled from the models of table 1, one row a label, as in figures 6 and 7."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("table1_samples")
