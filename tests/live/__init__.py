"""A publisher of the tests' own: a shop that lists GPU offers, its parser, and its server on this machine.

Belongs here: what tests of fetching, refreshing and sensors share. Not here: tests.
"""
