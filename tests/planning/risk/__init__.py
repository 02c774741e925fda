"""Tests of risk: draws, the kernel against a second computation, answers.

Not here: tests of the plan's own world, which are one room up.
"""
