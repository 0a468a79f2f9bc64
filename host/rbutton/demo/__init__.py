"""One negotiation to look at: a shop on this machine, a real browser, the button between them.

`install_host.py --demo` starts it (`rbutton.browsers.stage`), in a home that is nobody's.
"""
