"""Changes: from one result of a plan to another.

In: two results, or one plan and changed declarations. Out: bars by cause that sum to the change, price movements, and the
verdict before and after.
"""
