"""Reading: the bytes of a plan file to a validated plan, or every mistake in it at once.

What may be declared is said in sections and values.
"""
