"""Browsers, and putting the r-button's host where they find it.

`install_host.py` runs this room before anything is installed: it stands on the standard library
and on `rbutton.shipped`, and knows no other room.
"""
