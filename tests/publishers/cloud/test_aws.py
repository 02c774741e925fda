"""AWS: an offer file of a region with its savings plans becomes offers; every trap of the format is in the fixture."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from brytpunkt.errors import InputError
from brytpunkt.publishers._shared.protocol import Batch
from brytpunkt.publishers.cloud import aws
from tests.publishers.documents import document, listing, native, rows, source, table, text

COLUMNS = (
    "sku",
    "gpu_model",
    "gpu_count",
    "term",
    "upfront_share",
    "price_native_per_instance_hour",
    "valid_from",
)
# 657,000 / 26,280 h = 25; 18 + 157,680 / 8,760 h = 36, half of it upfront.
EXPECTED = table("""
    p5.48xlarge                 | H100-SXM-80GB  | 8 | on_demand   | 0   | 58.8928  | 2026-11-01
    p5.48xlarge                 | H100-SXM-80GB  | 8 | reserved_1y | 0   | 38       | 2026-10-01
    p5.48xlarge partial-upfront | H100-SXM-80GB  | 8 | reserved_1y | 0.5 | 36       | 2026-10-01
    p5.48xlarge all-upfront     | H100-SXM-80GB  | 8 | reserved_3y | 1   | 25       | 2026-10-01
    p5.48xlarge                 | H100-SXM-80GB  | 8 | savings_1y  | 0   | 42.5     | 2026-11-17
    p5.48xlarge all-upfront     | H100-SXM-80GB  | 8 | savings_3y  | 1   | 25.25    | 2026-11-17
    p5en.48xlarge               | H200-SXM-141GB | 8 | on_demand   | 0   | 67.72672 | 2026-11-01
""")
OFFER, PLANS = "ec2.eu-north-1.csv", "savings.eu-north-1.csv"


def parsed(folder: Path, offer: str | None = None, plans: str | None = None) -> list[Batch]:
    """The two documents of a region, native or edited."""
    documents = [
        document(folder, OFFER, native("aws", OFFER) if offer is None else offer),
        document(folder, PLANS, native("aws", PLANS) if plans is None else plans),
    ]
    return list(aws.parse(listing(*documents)))


def test_a_region_becomes_offers(tmp_path: Path) -> None:
    offers = rows(parsed(tmp_path), "gpu_offers")
    assert text(offers, *COLUMNS) == EXPECTED
    assert set(offers["country"]) == {"SE"}
    assert set(offers["native_currency"]) == {"USD"}


def test_rows_name_their_document_and_its_day(tmp_path: Path) -> None:
    batches = parsed(tmp_path)
    by_document = {batch.document.name: batch.frame for batch in batches if batch.table == "gpu_offers"}
    assert set(by_document) == {OFFER, PLANS}
    assert {str(day) for day in by_document[OFFER]["source_date"]} == {"2026-11-18"}
    assert {str(day) for day in by_document[PLANS]["source_date"]} == {"2026-11-17"}
    assert set(by_document[OFFER]["licence"]) == {"a licence"}


def test_what_is_not_understood_is_remarked(tmp_path: Path) -> None:
    remarks = rows(parsed(tmp_path), "source_remarks")
    assert text(remarks, "kind", "name", "reason", "occurrences") == table("""
        instance | g6e.12xlarge                  | the document states 6 GPUs, the map 4      | 1
        instance | p7.48xlarge                   | the map of instances does not know it      | 1
        price    | p5en.48xlarge Partial Upfront | a part of the price is missing             | 1
    """)


def test_the_order_of_columns_does_not_matter(tmp_path: Path) -> None:
    head, lines = native("aws", OFFER).splitlines()[:5], native("aws", OFFER).splitlines()[5:]
    order = list(range(24))
    random.Random(1).shuffle(order)
    shuffled = []
    for line in lines:
        [cells] = csv.reader([line])
        shuffled.append(",".join(f'"{cells[n]}"' for n in order))
    assert text(rows(parsed(tmp_path, "\n".join(head + shuffled)), "gpu_offers"), *COLUMNS) == EXPECTED


def as_json(csv_text: str) -> dict[str, object]:
    """The offer file as the publisher's JSON of the same content."""
    lines = list(csv.DictReader(csv_text.splitlines()[5:]))
    products: dict[str, object] = {}
    terms: dict[str, dict[str, dict[str, dict[str, object]]]] = {"OnDemand": {}, "Reserved": {}}
    for line in lines:
        attributes = {
            "locationType": line["Location Type"],
            "instanceType": line["Instance Type"],
            "tenancy": line["Tenancy"],
            "operatingSystem": line["Operating System"],
            "capacitystatus": line["CapacityStatus"],
            "preInstalledSw": line["Pre Installed S/W"],
            "regionCode": line["Region Code"],
            "licenseModel": line["License Model"],
            "marketoption": line["MarketOption"],
        } | ({"gpu": line["GPU"]} if line["GPU"] else {})
        family = line["Product Family"]
        products[line["SKU"]] = {"sku": line["SKU"], "productFamily": family, "attributes": attributes}
        code = f"{line['SKU']}.{line['OfferTermCode']}"
        reserved = {
            "LeaseContractLength": line["LeaseContractLength"],
            "OfferingClass": line["OfferingClass"],
            "PurchaseOption": line["PurchaseOption"],
        }
        term = (
            terms[line["TermType"]]
            .setdefault(line["SKU"], {})
            .setdefault(
                code,
                {
                    "offerTermCode": line["OfferTermCode"],
                    "sku": line["SKU"],
                    "effectiveDate": f"{line['EffectiveDate']}T00:00:00Z",
                    "priceDimensions": {},
                    "termAttributes": reserved if line["TermType"] == "Reserved" else {},
                },
            )
        )
        dimension: dict[str, object] = {
            "unit": line["Unit"],
            "beginRange": line["StartingRange"],
            "endRange": line["EndingRange"],
            "pricePerUnit": {"USD": line["PricePerUnit"]},
            "appliesTo": [],
        }
        term["priceDimensions"][f"{code}.{len(term['priceDimensions'])}"] = dimension  # type: ignore[index,arg-type]
    return {
        "formatVersion": "v1.0",
        "disclaimer": "...",
        "offerCode": "AmazonEC2",
        "version": "20261118100000",
        "publicationDate": "2026-11-18T10:00:00Z",
        "products": products,
        "terms": terms,
        "attributesList": {},
    }


def plans_json() -> dict[str, object]:
    """The savings plans as the publisher's JSON."""

    def plan(description: str, price: str) -> dict[str, object]:
        return {
            "sku": "PLAN",
            "description": description,
            "effectiveDate": "2026-11-17T00:00:00Z",
            "leaseContractLength": {"duration": 1, "unit": "year"},
            "rates": [
                {
                    "discountedSku": sku,
                    "unit": "Hrs",
                    "discountedRate": {"price": price, "currency": "USD"},
                    "discountedInstanceType": "p5.48xlarge",
                    "discountedRegionCode": "eu-north-1",
                }
                for sku in ("AAA", "ZZZ")
            ],
        }

    first, second = "1 year No Upfront Compute Savings Plan", "3 year All Upfront Compute Savings Plan"
    return {
        "version": "20261117090000",
        "publicationDate": "2026-11-17T09:00:00Z",
        "products": [],
        "terms": {"savingsPlan": [plan(first, "42.5"), plan(second, "25.25")]},
    }


def test_json_of_the_same_content_gives_the_same_offers(tmp_path: Path) -> None:
    documents = [
        document(tmp_path, "ec2.eu-north-1.json", as_json(native("aws", OFFER))),
        document(tmp_path, "savings.eu-north-1.json", plans_json()),
    ]
    assert text(rows(list(aws.parse(listing(*documents))), "gpu_offers"), *COLUMNS) == EXPECTED


def edited(old: str, new: str) -> Callable[[str], str]:
    """An edit of a text that must really change it."""

    def edit(before: str) -> str:
        assert old in before
        return before.replace(old, new)

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (edited('"PricePerUnit"', '"Price"'), r"ec2\.eu-north-1\.csv line 6: lacks the columns PricePerUnit"),
        (edited('"v1.0"', '"v2.0"'), r"lines 1-5: not a AmazonEC2 file of format v1\.0: FormatVersion v2\.0"),
        (edited('"AmazonEC2"', '"AmazonRDS"'), "OfferCode AmazonRDS"),
        (edited('"58.8928000000"', '"n/a"'), r"SKU AAA: 'n/a' is not a number"),
        (edited('"USD"', '"CNY"'), "the currency is CNY, not USD"),
        (edited("2026-11-18T10:00:00Z", "yesterday"), r"line 3: 'yesterday' is not a date"),
        (lambda _: "<!DOCTYPE html><html>busy</html>", "the document is a web page"),
        (lambda t: "\n".join(t.splitlines()[:4]), "line 6: the file ends before its header"),
        (lambda t: t[:-150], "not a whole CSV table"),
    ],
)
def test_a_changed_offer_file_is_refused_where_it_differs(
    tmp_path: Path, edit: Callable[[str], str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, native("aws", OFFER, edit))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            edited("DiscountedRate", "Rate"),
            r"savings\.eu-north-1\.csv line 6: lacks the columns DiscountedRate",
        ),
        (edited(",1,year,", ",18,month,"), "an unknown plan"),
    ],
)
def test_a_changed_plan_file_is_refused_where_it_differs(
    tmp_path: Path, edit: Callable[[str], str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        parsed(tmp_path, plans=native("aws", PLANS, edit))


def test_a_changed_json_is_refused_where_it_differs(tmp_path: Path) -> None:
    whole = as_json(native("aws", OFFER))
    for body, message in (
        (whole | {"formatVersion": "v9"}, "not an EC2 offer file of format v1"),
        (json.dumps(whole)[:-2000], "not whole JSON"),
        (
            json.loads(json.dumps(whole).replace('"instanceType"', '"type"')),
            r"products\.AAA: attributes\.instanceType",
        ),
        (json.loads(json.dumps(whole).replace('"pricePerUnit"', '"price"')), r"terms\.OnDemand\.AAA"),
    ):
        with pytest.raises(InputError, match=message):
            list(aws.parse(listing(document(tmp_path, "ec2.eu-north-1.json", body))))


def test_the_walk_goes_from_the_region_index_to_the_two_files(tmp_path: Path) -> None:
    declared = source("aws-eu-north-1")
    request = aws.probe(declared)
    assert request is not None
    assert request.url.endswith("/offers/v1.0/aws/AmazonEC2/current/region_index.json")
    path = "/offers/v1.0/aws/AmazonEC2/20261118100000/eu-north-1/index.json"
    index = {"regions": {"eu-north-1": {"regionCode": "eu-north-1", "currentVersionUrl": path}}}
    pointer = document(tmp_path, request.name, index)
    assert aws.version(pointer) == path
    offer, plans = aws.start(declared, pointer)
    assert offer.url == "https://pricing.us-east-1.amazonaws.com" + path.replace(".json", ".csv")
    assert offer.name == OFFER
    version = "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/20261117090000/eu-north-1/index.json"
    listed = {"regions": [{"regionCode": "eu-north-1", "versionUrl": version}]}
    [plan] = aws.following(declared, document(tmp_path, plans.name, listed))
    assert plan.name == PLANS
    assert plan.url.endswith("eu-north-1/index.csv")
    assert not aws.following(declared, document(tmp_path, OFFER, b"x"))


def test_without_a_pointer_the_walk_begins_at_the_offer_index(tmp_path: Path) -> None:
    declared = source("aws-eu-north-1")
    [first] = aws.start(declared, None)
    offers = {
        "offers": {
            "AmazonEC2": {"currentRegionIndexUrl": "/offers/v1.0/aws/AmazonEC2/current/region_index.json"}
        }
    }
    regions, plans = aws.following(declared, document(tmp_path, first.name, offers))
    assert regions.url.endswith("/AmazonEC2/current/region_index.json")
    assert plans.name == "plans.eu-north-1.json"


def test_another_region_index_is_refused(tmp_path: Path) -> None:
    other = {"regions": {"us-east-1": {"regionCode": "us-east-1", "currentVersionUrl": "/x/index.json"}}}
    with pytest.raises(InputError, match=r"regions: the field eu-north-1 is missing"):
        aws.version(document(tmp_path, "regions.eu-north-1.json", other))
