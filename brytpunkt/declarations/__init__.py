"""What a user may declare: the models of one plan file, its reader, and its JSON Schema.

Belongs here: vocabulary, defaults with their sources, validation. Does not belong here: facts or any result.
"""

from brytpunkt.declarations.assumptions import Assumption, assumptions
from brytpunkt.declarations.plan import Plan
from brytpunkt.declarations.reading.reader import Declared, read_plan
from brytpunkt.declarations.reading.schema import json_schema
from brytpunkt.declarations.sections.api_equivalents import ApiEquivalent
from brytpunkt.declarations.sections.build import Build, CatalogServer, InlineServer, Server
from brytpunkt.declarations.sections.constraints import Constraints
from brytpunkt.declarations.sections.delivery import Delivery, OnChange, Recipient, Schedule
from brytpunkt.declarations.sections.demand import Demand, Growth, Phase
from brytpunkt.declarations.sections.finance import Finance
from brytpunkt.declarations.sections.general import Energy, Report, Staff
from brytpunkt.declarations.sections.power import SiteEnergy
from brytpunkt.declarations.sections.published import Case, Conventions, Published
from brytpunkt.declarations.sections.rent import TERM_MONTHS, InlineOffer, Rent, Term
from brytpunkt.declarations.sections.rooms import Colocation, OwnHall
from brytpunkt.declarations.sections.sites import Site, SiteStaff
from brytpunkt.declarations.sections.workloads import Workload
from brytpunkt.declarations.values.geography import AREAS, COUNTRY_OF_ZONE, EEA, NORDIC
from brytpunkt.declarations.values.money import CURRENCIES, Currency, Money

__all__ = [
    "AREAS",
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
