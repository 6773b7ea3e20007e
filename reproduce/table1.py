"""Table 1: the test error of the semi-supervised models with few labels (section 4.5)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("table1")
