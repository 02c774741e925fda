"""Values: money, places and numbers as sections of a plan declare them.

What a section consists of is said in sections.
"""
