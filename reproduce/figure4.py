"""Figure 4: the structure of a step of DRAW, from its networks for MNIST (section 2.4)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure4")
