"""A small shop that takes people's terms: to try the button with, and to see what a site keeps."""

from rbutton.site.shop.app import KEY, NAME, STORE, create_app

__all__ = ["KEY", "NAME", "STORE", "create_app"]
