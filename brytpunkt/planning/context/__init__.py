"""Context: what stands beside the money.

In: the plan, its inputs and evaluated strategies. Out: the Nordic advantage, footprint, indicators, control, plausibility,
notes on page one, and published figures beside ours. No verdict is changed here.
"""
