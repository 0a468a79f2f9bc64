"""The ⊃ kit: what a site needs to sign people's own terms, or to promise them.

`endpoint.answer` is all of the protocol and knows no web framework; `site.Site` adds the rate limit
and who is there; `asgi` and `wsgi` put it in front of an application; `serving` runs it alone;
`folder` makes one from a `site.toml`; `store` keeps what was signed; `check` looks at a site from
outside; `shop` is one to try. Stands on `rbutton.terms` and the shipped roster alone.
"""
