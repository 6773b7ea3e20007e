"""Figure 7: digits sampled from CVAE-GAN, one row a label, for MNIST and SVHN (section 4.3)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure7")
