"""Table 1: the test error of the semi-supervised models with few labels (section 4.5)."""

from vae_gan_tf.experiments import scripts, table1

if __name__ == "__main__":
    scripts.run(table1.main)
