"""From the center to the agencies: each alert to whom its tags name, signed, until it is taken.

The way of a delivery: queued in the transaction that stores the alert, claimed by one center for a
while, posted, and then delivered, tried again later, or given up where a person sees it.
"""
