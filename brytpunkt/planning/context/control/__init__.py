"""Control: how far each way to compute is in one's own hands, with a reason per cell.

In: offers that rent takes, sites and servers. Out: the matrix of control. No money here.
"""
