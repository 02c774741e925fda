"""The optimal plan: a mixed-integer programme chooses purchases and commitments, the ledger prices them.

Belongs here: the programme, its solver, and the dispatch of a chosen mix. Does not belong here: what an hour, a
server or a kWh costs (the rooms beside it say that).
"""
