"""The plan: all sections together, and what must agree between them.

Belongs here: the top level and checks across sections.
Does not belong here: checks inside one section (they stand in its module).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, WrapValidator, field_validator

from brytpunkt.declarations.build import Build, InlineServer
from brytpunkt.declarations.constraints import Constraints
from brytpunkt.declarations.fields import (
    Finding,
    Id,
    Items,
    Section,
    Text,
    described,
    id_as_name,
    refuse,
    unique_ids,
)
from brytpunkt.declarations.finance import Finance
from brytpunkt.declarations.general import Energy, Report, Staff
from brytpunkt.declarations.published import Published
from brytpunkt.declarations.rent import Rent
from brytpunkt.declarations.scenarios import (
    STANDARD_DISRUPTIONS,
    STANDARD_SCENARIOS,
    Disruption,
    Scenario,
)
from brytpunkt.declarations.sites import Site
from brytpunkt.declarations.workloads import Workload


class Plan(Section):
    """What is to be computed, where it could stand, what could be bought or rented, for how long."""

    plan: Annotated[Id, described("Short name of the plan; it names files.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    finance: Finance
    workloads: Annotated[
        Items[Workload],
        described("What is to be computed.", min_length=1, max_length=40),
        WrapValidator(unique_ids),
    ]
    sites: Annotated[
        Items[Site],
        described("Where it could stand.", min_length=1, max_length=40),
        WrapValidator(unique_ids),
    ]
    build: Build
    constraints: Constraints = Constraints()
    scenarios: Annotated[
        Items[Scenario],
        described("Other worlds in which every strategy is planned anew.", max_length=20),
        WrapValidator(unique_ids),
    ] = STANDARD_SCENARIOS
    disruptions: Annotated[
        Items[Disruption],
        described("Blows that decisions already made must stand.", max_length=20),
        WrapValidator(unique_ids),
    ] = STANDARD_DISRUPTIONS
    rent: Rent = Rent()
    energy: Energy = Energy()
    staff: Staff = Staff()
    report: Report = Report()
    published: Published | None = None

    @field_validator("published", mode="after")
    @classmethod
    def _cases_name_what_exists(cls, published: Published | None, info: ValidationInfo) -> Published | None:
        build, rent = info.data.get("build"), info.data.get("rent")
        if published is None or build is None or rent is None:
            return published
        servers = {server.id: server for server in build.servers}
        offers = {offer.id for offer in rent.offers}
        findings = []
        for position, case in enumerate(published.cases):
            server = servers.get(case.server)
            at = ("cases", position)
            if server is None:
                hint = f"servers of the plan: {', '.join(servers)}"
                findings.append(
                    Finding((*at, "server"), f"there is no server '{case.server}' in build.servers", hint)
                )
            if case.offer is not None and case.offer not in offers:
                hint = f"offers of the plan: {', '.join(sorted(offers)) or 'none'}"
                findings.append(
                    Finding((*at, "offer"), f"there is no offer '{case.offer}' in rent.offers", hint)
                )
            if case.model and isinstance(server, InlineServer):
                known = server.output_tokens_per_second or {}
                if case.model not in known:
                    message = f"the server '{server.id}' declares no throughput for '{case.model}'"
                    hint = f"models of that server: {', '.join(known) or 'none'}"
                    findings.append(Finding((*at, "model"), message, hint))
        refuse(findings)
        return published
