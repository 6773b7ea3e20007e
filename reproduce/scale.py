"""What training costs against the size of the problem: time, memory, gradients, disk."""

from vae_gan_tf_command import run

if __name__ == "__main__":
    run("scale")
