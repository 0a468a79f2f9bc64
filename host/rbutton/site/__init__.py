"""The ⊃ kit: what a site needs to sign people's own terms.

`endpoint.answer` is all of the protocol and knows no web framework; `asgi.EmanciTerms` puts it in
front of a site; `store.Store` keeps what was signed; `key_file` the key; `shop` is a site to try.
Stands on `rbutton.terms` and the shipped roster alone.
"""
