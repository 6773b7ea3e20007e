"""The likelihood of DRAW in nats, in the field's configuration (Gregor et al. 2015, table 2)."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("draw_likelihood")
