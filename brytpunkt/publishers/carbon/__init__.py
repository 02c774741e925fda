"""Carbon: emissions of the electricity that a zone consumes.

What a site emits is planning's.
"""
