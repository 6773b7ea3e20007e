"""Digits sampled from the models of table 1, one row a label, as in figures 6 and 7."""

from vae_gan_tf.experiments import scripts, table1_samples

if __name__ == "__main__":
    scripts.run(table1_samples.main)
