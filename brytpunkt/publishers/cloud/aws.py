"""The publisher ``aws``: the Price List Bulk API, one region of EC2 with its Compute Savings Plans.

A walk: the region index leads to the region's offer file (CSV), and the index of savings plans to the region's plan
file; both indexes are pointers, because either file is published without the other. The offer file may also be JSON; both are read without being held as a whole.

Terms become offers so: on demand as it is; a reservation (standard class) and a savings plan per hour of their
term, the upfront fee spread over it. Other ways of paying than nothing upfront stand behind the instance type:
``p5.48xlarge all-upfront``. Spot is not in this API; a Capacity Block is told by its market option and left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urljoin

from brytpunkt.publishers._shared.offers import Collection, Provided
from brytpunkt.publishers._shared.protocol import Batch, Document, Listing, Request
from brytpunkt.publishers._shared.source import Source
from brytpunkt.publishers._shared.strict_reading import field, json_of, wrong
from brytpunkt.publishers.cloud.aws_offers import Product, offers_of
from brytpunkt.publishers.cloud.aws_plans import plans_of

ROOT = "https://pricing.us-east-1.amazonaws.com"
SERVICE = "AmazonEC2"
NAME = re.compile(
    r"(?P<kind>offers|regions|plans|ec2|savings)(\.(?P<region>[a-z0-9-]+))?\.(?P<format>csv|json)"
)


def probe(source: Source) -> Request | None:
    """The region index, which names the newest offer file of the source's region."""
    return _request(
        source, f"/offers/v1.0/aws/{SERVICE}/current/region_index.json", f"regions.{_region(source)}.json"
    )


def pointers(source: Source) -> Sequence[Request]:
    """The region index and the index of savings plans: offers and plans are published apart from each other."""
    first = probe(source)
    assert first is not None, "a region has its index"
    return [first, _plans_request(source.url or ROOT, _region(source))]


def version(pointer: Document) -> str:
    """Address of the region's newest offer or plan file: neither is changed once published."""
    kind, _ = _named(pointer)
    return _plan_path(pointer) if kind == "plans" else _offer_path(pointer)


def start(source: Source, pointer: Document | None) -> Sequence[Request]:
    """The offer file that the pointer names and the index of savings plans; without a pointer, the offer index."""
    region = _region(source)
    if pointer is None:
        return [_request(source, "/offers/v1.0/aws/index.json", f"offers.{region}.json")]
    return [_offer_request(pointer, source.url or ROOT), _plans_request(source.url or ROOT, region)]


def following(source: Source, document: Document) -> Sequence[Request]:
    """From an index to what it names."""
    kind, region = _named(document)
    root = source.url or ROOT
    if kind == "offers":
        offer = field(
            field(json_of(document), "offers", dict, document, ""), SERVICE, dict, document, "offers"
        )
        path = field(offer, "currentRegionIndexUrl", str, document, f"offers.{SERVICE}")
        return [_get(urljoin(root, path), f"regions.{region}.json"), _plans_request(root, region)]
    if kind == "regions":
        return [_offer_request(document, root)]
    if kind == "plans":
        return [_plan_request(document, root)]
    return []


def named(source: Source, name: str, number: int, head: bytes) -> str:
    """An offer file or a plan file of the source's region: the head of either says what it offers."""
    del number
    if NAME.fullmatch(name):
        return name
    kind = "savings" if b"SavingsPlan" in head else "ec2"
    return f"{kind}.{_region(source)}.{'csv' if name.endswith('.csv') else 'json'}"


def parse(listing: Listing) -> Iterator[Batch]:
    """The offer file, and the plan file joined to it by SKU -> offers of GPU instances (Linux, shared).

    Raises ``InputError`` if a document lacks a column or field, is not whole, or is not what its name says.
    """
    files = {_named(document): document for document in listing.documents}
    regions = sorted({region for kind, region in files if kind == "ec2"})
    if not regions:
        raise wrong(
            listing.documents[0], "", "the publication has no offer file", "it is called ec2.<region>.csv"
        )
    for region in regions:
        collection = Collection(
            Provided("aws", f"AWS Price List Bulk API, {SERVICE} {region}, {ROOT}"), listing.accounts
        )
        products: dict[str, Product] = {}
        for offer in offers_of(files["ec2", region], region, collection, products):
            collection.add(offer)
        if ("savings", region) in files:
            for offer in plans_of(files["savings", region], region, collection, products):
                collection.add(offer)
        yield from collection.batches()


def _region(source: Source) -> str:
    return str(source.parameters["region"])


def _named(document: Document) -> tuple[str, str]:
    found = NAME.fullmatch(document.name)
    if found is None or found["region"] is None:
        raise wrong(document, "", "the document has no known name", "ec2.<region>.csv, savings.<region>.csv")
    return found["kind"], found["region"]


def _get(url: str, name: str) -> Request:
    return Request(name=name, url=url, media_type="text/csv" if name.endswith(".csv") else "application/json")


def _request(source: Source, path: str, name: str) -> Request:
    return _get(urljoin(source.url or ROOT, path), name)


def _offer_path(pointer: Document) -> str:
    _, region = _named(pointer)
    regions = field(json_of(pointer), "regions", dict, pointer, "")
    entry = field(regions, region, dict, pointer, "regions")
    return field(entry, "currentVersionUrl", str, pointer, f"regions.{region}")


def _offer_request(pointer: Document, root: str) -> Request:
    _, region = _named(pointer)
    path = _offer_path(pointer).removesuffix(".json") + ".csv"
    return _get(urljoin(root, path), f"ec2.{region}.csv")


def _plans_request(root: str, region: str) -> Request:
    path = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json"
    return _get(urljoin(root, path), f"plans.{region}.json")


def _plan_request(index: Document, root: str) -> Request:
    _, region = _named(index)
    path = _plan_path(index).removesuffix(".json") + ".csv"
    return _get(urljoin(root, path), f"savings.{region}.csv")


def _plan_path(index: Document) -> str:
    _, region = _named(index)
    # In this index the regions are a list, in the one of offers an object.
    entries = field(json_of(index), "regions", list, index, "")
    for entry in entries:
        if field(entry, "regionCode", str, index, "regions[]") == region:
            return field(entry, "versionUrl", str, index, "regions[]")
    raise wrong(index, "regions[]", f"there is no region {region}")
