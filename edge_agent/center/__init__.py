"""The other end: what boxes send is verified, stored, then receipted; people work from it.

The journey of a message: broker (arrived, unacknowledged) → intake (verified, and stored in one
durable transaction) → the broker's acknowledgement and the box's receipt. Never in another order.
"""
