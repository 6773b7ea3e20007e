"""What training costs against the size of the problem: time, memory, gradients, disk."""

from vae_gan_tf.experiments import scale, scripts

if __name__ == "__main__":
    scripts.run(scale.main)
