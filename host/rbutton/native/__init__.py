"""The process a browser starts: a bounded channel, and one handler a request.

No rule of the exchange lives here, only the order of reading, deciding and storing.
"""
