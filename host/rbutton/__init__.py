"""The r-button: a person's own terms, proffered to sites, and the ⊃ kit for sites that say yes."""

__version__ = "0.1.0"
