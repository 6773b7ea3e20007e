"""Figure 2: the structure of CVAE, read from its networks for MNIST (section 2.2)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure2")
