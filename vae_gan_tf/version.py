"""The version of the package, which saved networks carry."""

__version__ = "0.1.0"
