"""Publishers: one module per publisher, from landed bytes to typed batches of rows; pure.

Fetching lives in landing; contracts and history live in the warehouse.
"""
