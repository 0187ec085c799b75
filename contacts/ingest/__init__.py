"""The door for events from outside, in the shape of Segment's HTTP API: their SDKs work by changing the host.

`body` makes JSON of a request, `items` makes values of its items, `accept` makes rows of them in one transaction.
"""
