"""What each field of an EC2 offer file and of a file of savings plans is to the reader, CSV and JSON alike.

Belongs here: the tables of fields, and what the meaning ones may say. Does not belong here: reading.
"""

from __future__ import annotations

from brytpunkt.publishers._shared.accounting import IGNORED, Field, Fields, meaning, value
from brytpunkt.publishers._shared.rules import Rule, rule

# Our name of a field -> column of the CSV, path of the JSON (of a product, a term or a price dimension).
LINE = {
    "sku": ("SKU", "sku"),
    "term_code": ("OfferTermCode", "offerTermCode"),
    "term_type": ("TermType", ""),
    "effective": ("EffectiveDate", "effectiveDate"),
    "begins": ("StartingRange", "beginRange"),
    "ends": ("EndingRange", "endRange"),
    "unit": ("Unit", "unit"),
    "price": ("PricePerUnit", "pricePerUnit"),
    "currency": ("Currency", ""),
    "lease": ("LeaseContractLength", "LeaseContractLength"),
    "purchase": ("PurchaseOption", "PurchaseOption"),
    "offering": ("OfferingClass", "OfferingClass"),
    "family": ("Product Family", "productFamily"),
    "location_type": ("Location Type", "locationType"),
    "region": ("Region Code", "regionCode"),
    "instance": ("Instance Type", "instanceType"),
    "gpus": ("GPU", "gpu"),
    "tenancy": ("Tenancy", "tenancy"),
    "system": ("Operating System", "operatingSystem"),
    "licence": ("License Model", "licenseModel"),
    "capacity": ("CapacityStatus", "capacitystatus"),
    "market": ("MarketOption", "marketoption"),
    "software": ("Pre Installed S/W", "preInstalledSw"),
}
COLUMNS = {name: column for name, (column, _) in LINE.items()}

# Checked in this order; what is known and not wanted goes before what is not known.
RULES: dict[str, Rule] = {
    "family": rule(
        "the product family",
        ("Compute Instance", "Compute Instance (bare metal)"),
        a_dedicated_host=("Dedicated Host",),
    ),
    "location_type": rule(
        "the type of the location",
        ("AWS Region",),
        in_a_Local_Zone=("AWS Local Zone",),
        in_a_Wavelength_Zone=("AWS Wavelength Zone",),
        on_Outposts=("AWS Outposts",),
    ),
    "tenancy": rule("the tenancy", ("Shared",), not_shared=("Dedicated", "Host", "Reserved", "NA")),
    "system": rule(
        "the operating system",
        ("Linux",),
        with_a_licensed_operating_system=(
            *("Windows", "RHEL", "SUSE", "Red Hat Enterprise Linux with HA", "Ubuntu Pro"),
            *("Windows BYOL", "RHEL BYOL"),
        ),
    ),
    "licence": rule(
        "the licence model",
        ("No License required",),
        with_a_licence_of_ones_own=("Bring your own license",),
    ),
    "software": rule("the installed software", ("NA", ""), with_software=("SQL Ent", "SQL Std", "SQL Web")),
    "capacity": rule(
        "the capacity status",
        ("Used",),
        a_capacity_reservation=("UnusedCapacityReservation", "AllocatedCapacityReservation"),
    ),
    "market": rule(
        "the market option", ("OnDemand",), sold_in_Capacity_Blocks=("CapacityBlock",), spot=("Spot",)
    ),
    "term_type": rule("the type of the term", ("OnDemand", "Reserved")),
    "begins": rule("the beginning of the price's range", ("0", "")),
    "ends": rule("the end of the price's range", ("Inf", "")),
}
RESERVED_RULES: dict[str, Rule] = {
    "offering": rule("the offering class", ("standard",), a_convertible_reservation=("convertible",)),
    "lease": rule("the length of the lease", ("1yr", "3yr")),
    "purchase": rule("the way of paying", ("No Upfront", "Partial Upfront", "All Upfront")),
}

_VALUES = {
    "sku": value("joins products, terms and savings plans"),
    "term_code": value("joins the prices of a term"),
    "effective": value("valid_from"),
    "price": value("price_native_per_instance_hour"),
    "instance": value("sku"),
    "region": meaning("the region of the file"),
    "unit": meaning("Hrs; Quantity for the upfront fee of a reservation"),
    "currency": meaning("USD; any other is refused"),
    "gpus": meaning("the count of the map; where it is empty the map alone knows"),
}


def _field(name: str) -> Field:
    if name in _VALUES:
        return _VALUES[name]
    said = (RULES | RESERVED_RULES)[name]
    return meaning(" or ".join(sorted(word or "empty" for word in said.wanted)))


# Columns that describe the machine or repeat what others say.
_DESCRIBING = (
    *("RateCode", "PriceDescription", "RelatedTo", "serviceCode", "Location", "Current Generation"),
    *("Instance Family", "vCPU", "Physical Processor", "Clock Speed", "Memory", "Storage"),
    *("Network Performance", "Processor Architecture", "Storage Media", "Volume Type", "Max Volume Size"),
    *("Max IOPS/volume", "Max IOPS Burst Performance", "Max throughput/volume", "Provisioned"),
    *("EBS Optimized", "Group", "Group Description", "Transfer Type", "From Location", "From Location Type"),
    *("To Location", "To Location Type", "usageType", "operation", "AvailabilityZone"),
    *("ClassicNetworkingSupport", "Dedicated EBS Throughput", "ECU", "Elastic Graphics Type"),
    *("Enhanced Networking Supported", "From Region Code", "GPU Memory", "Instance", "Instance SKU"),
    *(f"Instance Capacity - {size}" for size in ("medium", "large", "xlarge", "metal")),
    *(f"Instance Capacity - {size}xlarge" for size in (2, 4, 8, 9, 10, 12, 16, 18, 24, 32)),
    *("Intel AVX2 Available", "Intel AVX Available", "Intel Turbo Available", "Normalization Size Factor"),
    *("Physical Cores", "Processor Features", "Product Type", "Resource Type", "Snapshot Archive Fee Type"),
    *("serviceName", "SnapshotArchiveFeeType", "To Region Code", "Volume API Name", "VPC Networking Support"),
    *("Availability Zone", "Instancesku", "Compression", "Resource", "Region Type"),
)
OFFER_COLUMNS: Fields = dict.fromkeys(_DESCRIBING, IGNORED) | {
    column: _field(name) for name, column in COLUMNS.items()
}
# Fields of the JSON that lie elsewhere than among a product's attributes.
_TERM = {
    *("term_code", "effective", "begins", "ends", "unit", "price", "lease", "purchase", "offering"),
}
# One price of a product, with its product and term around it, as the reader puts them together.
OFFER_PATHS: Fields = (
    {
        "product": IGNORED,
        "product.sku": IGNORED,
        "product.productFamily": _field("family"),
        "product.attributes.*": IGNORED,
        "term.sku": IGNORED,
        "term.termAttributes": meaning("an object, empty on demand"),
        "dimension.rateCode": IGNORED,
        "dimension.description": IGNORED,
        "dimension.appliesTo": IGNORED,
        "dimension.pricePerUnit.*": _VALUES["price"],
    }
    | {
        f"product.attributes.{path}": _field(name)
        for name, (_, path) in LINE.items()
        if path and name not in {*_TERM, "sku", "family"}
    }
    | {
        f"term.{path}": _field(name)
        for name, path in (("term_code", "offerTermCode"), ("effective", "effectiveDate"))
    }
    | {
        f"term.termAttributes.{path}": _field(name)
        for name, (_, path) in LINE.items()
        if name in {"lease", "purchase", "offering"}
    }
    | {
        f"dimension.{path}": _field(name)
        for name, (_, path) in LINE.items()
        if name in {"begins", "ends", "unit", "price"}
    }
)

PLAN_LINE = {
    "sku": "DiscountedSKU",
    "rate": "DiscountedRate",
    "currency": "Currency",
    "unit": "Unit",
    "effective": "EffectiveDate",
    "purchase": "PurchaseOption",
    "length": "LeaseContractLength",
    "length_unit": "LeaseContractLengthUnit",
    "region": "DiscountedRegionCode",
    "instance": "DiscountedInstanceType",
}
PLAN_COLUMNS: Fields = {
    "DiscountedSKU": value("joins the SKU of the offer file"),
    "DiscountedRate": value("price_native_per_instance_hour"),
    "EffectiveDate": value("valid_from"),
    "Currency": meaning("USD; any other is refused"),
    "Unit": meaning("Hrs; any other is refused"),
    "PurchaseOption": meaning("No, Partial or All Upfront; any other is refused"),
    "LeaseContractLength": meaning("1 or 3; any other is refused"),
    "LeaseContractLengthUnit": meaning("year; any other is refused"),
    "DiscountedRegionCode": meaning("the region of the file"),
    "DiscountedInstanceType": meaning("the instance type of the SKU"),
} | dict.fromkeys(
    (
        *("SKU", "RateCode", "DiscountedServiceCode", "DiscountedUsageType", "DiscountedOperation"),
        *("ServiceCode", "UsageType", "Operation", "Description", "Instance Family", "Location"),
        *("Location Type", "Granularity", "Product Family", "Tenancy", "RegionCode", "usageType"),
        *("serviceCode", "operation", "location", "locationType", "instanceFamily", "productFamily"),
    ),
    IGNORED,
)
PLAN_PATHS: Fields = {
    "plan.sku": IGNORED,
    "plan.description": meaning("a Compute Savings Plan of 1 or 3 years and its way of paying"),
    "plan.effectiveDate": value("valid_from"),
    "plan.leaseContractLength.**": IGNORED,
    "rate.discountedSku": value("joins the SKU of the offer file"),
    "rate.discountedRate.price": value("price_native_per_instance_hour"),
    "rate.discountedRate.currency": meaning("USD; any other is refused"),
    "rate.unit": meaning("Hrs; any other is refused"),
    "rate.discountedRegionCode": meaning("the region of the file"),
    "rate.discountedInstanceType": meaning("the instance type of the SKU"),
    "rate.discountedUsageType": IGNORED,
    "rate.discountedOperation": IGNORED,
    "rate.discountedServiceCode": IGNORED,
    "rate.rateCode": IGNORED,
}
