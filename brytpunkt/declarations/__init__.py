"""What a user may declare: the models of one plan file, its reader, and its JSON Schema.

Belongs here: vocabulary, defaults with their sources, validation. Does not belong here: facts or any result.
"""

from brytpunkt.declarations.assumptions import Assumption, assumptions
from brytpunkt.declarations.build import Build, CatalogServer, InlineServer, Server
from brytpunkt.declarations.constraints import Constraints
from brytpunkt.declarations.delivery import Delivery, OnChange, Recipient, Schedule
from brytpunkt.declarations.demand import Demand, Growth, Phase
from brytpunkt.declarations.finance import Finance
from brytpunkt.declarations.general import Energy, Report, Staff
from brytpunkt.declarations.geography import COUNTRY_OF_ZONE, EEA, NORDIC
from brytpunkt.declarations.money import CURRENCIES, Currency, Money
from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.power import SiteEnergy
from brytpunkt.declarations.published import Case, Conventions, Published
from brytpunkt.declarations.reader import Declared, read_plan
from brytpunkt.declarations.rent import TERM_MONTHS, InlineOffer, Rent, Term
from brytpunkt.declarations.rooms import Colocation, OwnHall
from brytpunkt.declarations.schema import json_schema
from brytpunkt.declarations.sites import Site, SiteStaff
from brytpunkt.declarations.workloads import ApiEquivalent, Workload

__all__ = [
    "COUNTRY_OF_ZONE",
    "CURRENCIES",
    "EEA",
    "NORDIC",
    "TERM_MONTHS",
    "ApiEquivalent",
    "Assumption",
    "Build",
    "Case",
    "CatalogServer",
    "Colocation",
    "Constraints",
    "Conventions",
    "Currency",
    "Declared",
    "Delivery",
    "Demand",
    "Energy",
    "Finance",
    "Growth",
    "InlineOffer",
    "InlineServer",
    "Money",
    "OnChange",
    "OwnHall",
    "Phase",
    "Plan",
    "Published",
    "Recipient",
    "Rent",
    "Report",
    "Schedule",
    "Server",
    "Site",
    "SiteEnergy",
    "SiteStaff",
    "Staff",
    "Term",
    "Workload",
    "assumptions",
    "json_schema",
    "read_plan",
]
