"""Shared: what every publisher takes and gives, and the bricks that several of them use.

Anything that only one publisher needs stands in its own module.
"""
