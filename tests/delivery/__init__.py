"""Delivery: letters, the outbox, and real mail servers on loopback."""
