"""Delivery: reports by mail, each once: what is due, the message, the outbox, and the way out over SMTP.

Belongs here: messages, addresses, states, outcomes. Does not belong here: rendering reports, or scheduling (pipelines).
"""
