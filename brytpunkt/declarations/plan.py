"""The plan: all sections together, and what must agree between them.

Belongs here: the top level and checks across sections.
Does not belong here: checks inside one section (they stand in its module).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationInfo, WrapValidator, field_validator

from brytpunkt.declarations.sections.build import Build, InlineServer, Server
from brytpunkt.declarations.sections.constraints import Constraints
from brytpunkt.declarations.sections.delivery import Delivery, unknown_sites
from brytpunkt.declarations.sections.finance import Finance
from brytpunkt.declarations.sections.general import Energy, Report, Staff
from brytpunkt.declarations.sections.published import SHEET, Case, Published, Sheet
from brytpunkt.declarations.sections.rent import Rent
from brytpunkt.declarations.sections.scenarios import (
    STANDARD_DISRUPTIONS,
    STANDARD_SCENARIOS,
    Disruption,
    Scenario,
)
from brytpunkt.declarations.sections.sites import Site
from brytpunkt.declarations.sections.storage import StorageCosts
from brytpunkt.declarations.sections.uncertainty import CONNECTION, Uncertainty
from brytpunkt.declarations.sections.verdict import VerdictRules
from brytpunkt.declarations.sections.workloads import Workload
from brytpunkt.declarations.values.fields import (
    Finding,
    Id,
    Items,
    Section,
    Text,
    Timezone,
    default,
    described,
    id_as_name,
    refuse,
    unique_ids,
)
from brytpunkt.declarations.values.geography import Country


class Plan(Section):
    """What is to be computed, where it could stand, what could be bought or rented, for how long."""

    plan: Annotated[Id, described("Short name of the plan; it names files.")]
    name: Text = Field(default_factory=id_as_name, description="Display name.")
    finance: Finance
    timezone: Timezone = default(
        "Europe/Stockholm",
        unit="IANA time zone",
        source="planning assumption: users of a Nordic plan live by Central European time",
        description="Clock of the demand, whatever site serves it; a workload may declare its own.",
    )
    holidays: Country = default(
        "SE",
        unit="country",
        source="planning assumption: as the time zone",
        description="Country whose public holidays are Sundays of the demand; a workload may declare its own.",
    )
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
    uncertainty: Annotated[
        Uncertainty, Field(description="What is drawn to say how sure the plan is.", validate_default=True)
    ] = Uncertainty()
    verdict: VerdictRules = VerdictRules()
    rent: Rent = Rent()
    energy: Energy = Energy()
    staff: Staff = Staff()
    storage: StorageCosts = StorageCosts()
    report: Report = Report()
    delivery: Annotated[Delivery | None, described("Who gets the report by mail; default: nobody.")] = None
    published: Published | None = None

    @field_validator("delivery", mode="after")
    @classmethod
    def _sites_of_recipients_exist(cls, delivery: Delivery | None, info: ValidationInfo) -> Delivery | None:
        sites = info.data.get("sites")
        if delivery is not None and sites is not None:
            refuse(unknown_sites(delivery, tuple(site.id for site in sites)))
        return delivery

    @field_validator("uncertainty", mode="after")
    @classmethod
    def _factors_name_what_exists(cls, uncertainty: Uncertainty, info: ValidationInfo) -> Uncertainty:
        known = [workload.id for workload in info.data.get("workloads", ())]
        findings = [
            Finding(
                ("factors", position, "workload"),
                f"there is no workload '{factor.workload}'",
                f"workloads of the plan: {', '.join(known)}",
            )
            for position, factor in enumerate(uncertainty.factors)
            if factor.workload is not None and known and factor.workload not in known
        ]
        sites = info.data.get("sites", ())
        findings += [
            Finding(
                ("factors", position, "site"),
                f"there is no site '{factor.site}'",
                f"sites of the plan: {', '.join(site.id for site in sites)}",
            )
            for position, factor in enumerate(uncertainty.factors)
            if factor.site is not None and sites and factor.site not in {site.id for site in sites}
        ]
        names = [factor.name for factor in uncertainty.drawn()]
        names += [
            name
            for site in sites
            if site.connection is not None and (name := f"{CONNECTION}:{site.id}") not in names
        ]
        findings += [
            Finding(
                ("correlations", position, "between"),
                f"there is no factor '{name}'",
                f"factors: {', '.join(names)}",
            )
            for position, pair in enumerate(uncertainty.correlations or ())
            for name in pair.between
            if name not in names
        ]
        refuse(findings)
        return uncertainty

    @field_validator("published", mode="after")
    @classmethod
    def _cases_name_what_exists(cls, published: Published | None, info: ValidationInfo) -> Published | None:
        build, rent = info.data.get("build"), info.data.get("rent")
        if published is None or build is None or rent is None:
            return published
        servers: dict[str | None, Server] = {server.id: server for server in build.servers}
        offers = {offer.id for offer in rent.offers}
        findings = []
        for position, case in enumerate(published.cases):
            server = servers.get(case.server)
            at = ("cases", position)
            findings += _sheet_findings(published.sheet, case, at)
            if server is None and case.server is not None:
                hint = f"servers of the plan: {', '.join(server.id for server in build.servers)}"
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


def _sheet_findings(sheet: Sheet | None, case: Case, at: tuple[str | int, ...]) -> list[Finding]:
    """What a case names of a sheet must be there."""
    if case.measure not in SHEET:
        return []
    if sheet is None:
        return [Finding((*at, "measure"), f"{case.measure} needs a cost sheet", "add published.sheet")]
    items = {item.id for item in sheet.items}
    columns = {item.column for item in sheet.items}
    findings = []
    if case.item is not None and case.item not in items:
        findings.append(
            Finding(
                (*at, "item"), f"the sheet has no line '{case.item}'", f"lines: {', '.join(sorted(items))}"
            )
        )
    for key, name in (("column", case.column), ("to_column", case.to_column)):
        if case.measure != "sheet_item" and name is not None and name not in columns:
            hint = f"columns: {', '.join(sorted(columns))}"
            findings.append(Finding((*at, key), f"the sheet has no column '{name}'", hint))
    return findings
