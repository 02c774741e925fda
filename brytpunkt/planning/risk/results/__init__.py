"""Results: what drawn costs say.

In: factor values and present values by draw. Out: quantiles, probabilities, regret, variance shares, the value of
information, and the order month by draw, one small table a question.
"""
