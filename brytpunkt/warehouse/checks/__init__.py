"""Checks: what makes a row doubtful or a batch unusable, beside the contracts.

Whether they are kept out is decided where rows are written (upsert).
"""
