"""Figure 4: the structure of a step of DRAW, from its networks for MNIST (section 2.4)."""

from vae_gan_tf.experiments import figure4, scripts

if __name__ == "__main__":
    scripts.run(figure4.main)
