"""Figure 7: digits sampled from CVAE-GAN, one row a label, for MNIST and SVHN (section 4.3)."""

from vae_gan_tf.experiments import figure7, scripts

if __name__ == "__main__":
    scripts.run(figure7.main)
