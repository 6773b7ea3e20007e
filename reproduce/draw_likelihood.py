"""The likelihood of DRAW in nats, in the field's configuration (Gregor et al. 2015, table 2)."""

from vae_gan_tf.experiments import draw_likelihood, scripts

if __name__ == "__main__":
    scripts.run(draw_likelihood.main)
