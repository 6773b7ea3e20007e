"""Figure 8: images completed by a CVAE that is given their left half (section 4.4.1)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("figure8")
