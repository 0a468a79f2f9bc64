"""`rbutton site check`: what a visitor's button sees of a site, and what is wrong with it.

`fetching` has the only client of the network in the kit, and takes everything it is sent for
hostile; `announcing` reads pages; `looking` finds; nothing is signed, and nothing is kept.
"""
