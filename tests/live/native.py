"""Publishers' sites on loopback: each answers in its own format, unmoved or with one price moved.

Belongs here: addresses, paging, pointers, keys and small documents as the publishers send them. What a format's traps
are is in ``tests/publishers``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from brytpunkt.publishers._shared.source import Source
from tests.publishers import documents
from tests.publishers.cloud.test_azure import ORDINARY
from tests.publishers.cloud.test_gcp import skus
from tests.publishers.cloud.test_neoclouds import (
    CATALOG,
    LOCATIONS,
    gpu_product,
    lambda_type,
    ovh_plan,
    payg,
    verda_type,
    zipped,
)
from tests.publishers.hardware.test_catalogs import HARDWARE, RATES, renamed, result

SECRET, TOKEN = "a-secret/with+signs", "a-token/with+signs"
Body = bytes | str | list[Any] | dict[str, Any] | Response


@dataclass
class Site:
    """A publisher's server: ``moved`` counts the prices that moved, ``asked`` keeps every request's path.

    ``plans_moved`` counts those of AWS's savings plans; ``order`` shuffles the columns of its files.
    ``has_validators``: whether it answers conditional requests. Some sites say something else each time, although no
    price moved: ``noise`` is another number for each answer. ``edit``
    changes AWS's offer file further. ``unknown``: how many types Lambda has that no map knows. ``instead`` spoils every
    answer.
    """

    server: HTTPServer
    source: Source
    answer: Callable[[Site, Request], Body | None]
    has_validators: bool
    moved: int = 0
    plans_moved: int = 0
    order: int = 0
    noise: int = 0
    unknown: int = 0
    edit: Callable[[str], str] = str
    is_down: bool = False
    instead: Callable[[bytes], bytes] | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def root(self) -> str:
        """Where the site is."""
        return self.server.url_for("").rstrip("/")

    @property
    def region(self) -> str:
        """The region of the declaration."""
        return str(self.source.parameters["region"])

    def declared(self, **changes: Any) -> Source:
        """The house's declaration of the source, but for where it is."""
        url = self.root + urlsplit(self.source.url).path
        tokens = self.source.token_url and self.root + urlsplit(self.source.token_url).path
        here = {"url": url, "token_url": tokens, "hosts": (self.server.host,), "seconds_between_requests": 0}
        return self.source.model_copy(update=here | changes)

    def environment(self) -> dict[str, str]:
        """The variables that the declaration names."""
        return dict.fromkeys(self.source.credentials.values(), SECRET)

    def reply(self, request: Request) -> Response:
        """One answer: refused without its key, compressed if the client takes it, 304 if it is known."""
        self.asked.append(request.full_path.rstrip("?"))
        self.noise += 1
        if self.source.token_url and request.path == urlsplit(self.source.token_url).path:
            return _token(request)
        needed = TOKEN if self.source.token_url else SECRET
        if self.source.credentials and needed not in _shown(request):
            return Response("who are you?", 401)
        body = None if self.is_down else self.answer(self, request)
        if body is None:
            return Response("not here", 404)
        if isinstance(body, Response):
            return body
        if isinstance(body, list | dict):
            body = json.dumps(body)
        raw = body.encode() if isinstance(body, str) else body
        raw = self.instead(raw) if self.instead else raw
        headers = {"Content-Type": "application/octet-stream"}
        if self.has_validators:
            headers["ETag"] = f'"{hashlib.sha256(raw).hexdigest()[:16]}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return Response(status=304, headers=headers)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            raw, headers["Content-Encoding"] = gzip.compress(raw), "gzip"
        return Response(raw, headers=headers)


def _token(request: Request) -> Response:
    """A token for whoever knows the secret, as OAuth 2.0 gives it."""
    asked = json.loads(request.get_data())
    if (asked["grant_type"], asked["client_secret"]) != ("client_credentials", SECRET):
        return Response('{"code": "unauthorized_request"}', 401)
    given = {"access_token": TOKEN, "expires_in": 3600, "scope": "cloud-api-v1", "token_type": "Bearer"}
    return Response(json.dumps(given), content_type="application/json")


def _shown(request: Request) -> str:
    """Where a key may be: the header, and the query without its escapes."""
    return f"{request.headers.get('Authorization')} {request.args.get('key')} {request.args.get('securityToken')}"


def reordered(text: str, order: int) -> str:
    """An offer or plan file with its columns in another order; 0 leaves it as it is."""
    head, lines = text.splitlines()[:5], list(csv.reader(text.splitlines()[5:]))
    if not order:
        return text
    columns = list(range(len(lines[0])))
    random.Random(order).shuffle(columns)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([line[n] for n in columns] for line in lines)
    return "\n".join([*head, out.getvalue()])


def _aws(site: Site, request: Request) -> Body | None:
    """Region index and offer file; index of savings plans and plan file. Versioned files never change."""
    offers = f"2026111{8 + site.moved}10000{site.order}"
    plans = f"2026111{7 + site.plans_moved}090000"
    root, saving = "/offers/v1.0/aws/AmazonEC2", "/savingsPlan/v1.0/aws/AWSComputeSavingsPlan"

    def at(text: str) -> str:
        return reordered(text.replace("eu-north-1", site.region), site.order)

    pages: dict[str, Callable[[], Body]] = {
        f"{root}/current/region_index.json": lambda: {
            "formatVersion": "v1.0",
            "publicationDate": "2026-11-18T10:00:00Z",
            "regions": {
                region: {"regionCode": region, "currentVersionUrl": f"{root}/{offers}/{region}/index.json"}
                for region in ("ap-south-1", site.region)
            },
        },
        f"{root}/{offers}/{site.region}/index.csv": lambda: at(
            documents.native("aws", "ec2.eu-north-1.csv", site.edit)
        ).replace("58.8928000000", f"{58.8928 - site.moved}"),
        f"{saving}/current/region_index.json": lambda: {
            "publicationDate": "2026-11-17T09:00:00Z",
            "regions": [
                {"regionCode": region, "versionUrl": f"{saving}/{plans}/{region}/index.json"}
                for region in ("ap-south-1", site.region)
            ],
        },
        f"{saving}/{plans}/{site.region}/index.csv": lambda: at(
            documents.native("aws", "savings.eu-north-1.csv")
        ).replace(",42.5,", f",{42.5 - site.plans_moved},"),
    }
    return pages[request.path]() if request.path in pages else None


def _azure(site: Site, request: Request) -> Body | None:
    """Two pages; the link carries the ``$top=0`` that the service itself refuses."""
    if f"armRegionName eq '{site.region}'" not in request.args.get("$filter", "") or "$top" in request.args:
        return None
    prices = {"Standard_ND96isr_H100_v5": 127.84 - site.moved, "Standard_ND96isr_H200_v5": 110.24}
    items = [
        ORDINARY | {"armRegionName": site.region, "armSkuName": sku, "retailPrice": price, "unitPrice": price}
        for sku, price in prices.items()
    ]
    skip = int(request.args.get("$skip", "0"))
    link = None if skip else f"{site.root}{request.full_path}&$skip=1&$top=0&session={site.noise}"
    return {
        "BillingCurrency": "USD",
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Items": items[skip : skip + 1],
        "NextPageLink": link,
        "Count": 1,
    }


def _gcp(site: Site, request: Request) -> Body:
    """Two pages, told by a token that differs each time; what moves is the slice of a B200, part of one machine."""
    found = json.loads(json.dumps(skus()).replace('"units": "16"', f'"units": "{16 - site.moved}"'))
    if request.args.get("pageToken"):
        return {"skus": found[7:], "nextPageToken": ""}
    return {"skus": found[:7], "nextPageToken": f"token/{site.noise}="}


def _oci(site: Site, request: Request) -> Body:
    assert request.args["currencyCode"] == "USD"
    return {
        "lastUpdated": f"2026-11-20T00:00:{site.noise:02d}",
        "items": [
            gpu_product("B98415", "Compute - GPU - H100", payg(10 - site.moved)),
            gpu_product("B95907", "Compute - GPU - A100 - v2", payg(4.05)),
            gpu_product("B12345", "Compute - Standard", payg(0.06), metric="OCPU Per Hour"),
        ],
    }


def _lambda(site: Site, request: Request) -> Body:
    """Regions with capacity come and go by the minute."""
    del request
    entries = [
        lambda_type("gpu_8x_h100_sxm5", 3592 - 100 * site.moved, 8),
        lambda_type("gpu_1x_h100_sxm5", 429, 1),
    ]
    entries += [
        lambda_type(f"gpu_{count}x_{gpu}", 999 * count, count)
        for gpu, count in (("b400", 1), ("b400", 8), ("r200", 1), ("r200", 4), ("mi500", 2))[: site.unknown]
    ]
    entries[0]["regions_with_capacity_available"] = [{"name": f"region-{site.noise}", "description": "x"}]
    return {"data": {entry["instance_type"]["name"]: entry for entry in entries}}


def _runpod(site: Site, request: Request) -> Body | None:
    """The answer has the fields of the query."""
    asked = str(json.loads(request.get_data())["query"])
    if request.method != "POST" or "securePrice" not in asked:
        return None
    types = [("NVIDIA H100 80GB HBM3", 2.99 - 0.1 * site.moved), ("NVIDIA B200", 5.98)]
    return {
        "data": {
            "gpuTypes": [
                {
                    "id": name,
                    "displayName": name,
                    "memoryInGb": 80,
                    "securePrice": price,
                    "secureSpotPrice": None,
                    "communityPrice": None,
                    "communitySpotPrice": None,
                }
                for name, price in types
            ]
        }
    }


def _verda(site: Site, request: Request) -> Body | None:
    if request.path.endswith("/locations"):
        return LOCATIONS[:1]
    if not request.path.endswith("/instance-types"):
        return None
    return [
        verda_type("1H100.80S.30V", "H100 SXM5 80GB", 1, f"{3.95 - 0.1 * site.moved:.2f}", "1.70"),
        verda_type("8H200.240V", "H200 SXM5 141GB", 8, "27.12", None),
    ]


def _ovhcloud(site: Site, request: Request) -> Body:
    assert request.args["ovhSubsidiary"] == "IE"
    gpu = {"model": "H100", "number": 1, "memory": {"size": 80}}
    plans = [
        ovh_plan("h100-380.consumption", 280_000_000 - 1_000_000 * site.moved, gpu),
        ovh_plan("h100-760.consumption", 560_000_000, gpu | {"number": 2}),
    ]
    return {
        "catalogId": site.noise,
        "locale": {"currencyCode": "EUR", "subsidiary": "IE"},
        "plans": [],
        "addons": plans,
    }


def _vast(site: Site, request: Request) -> Body | None:
    if request.method != "POST" or not json.loads(request.get_data())["rentable"]["eq"]:
        return None
    prices = [("H100 SXM", 1, 2.0), ("H100 SXM", 8, 16.8 - 0.8 * site.moved), ("H100 SXM", 2, 5.0)]
    return {
        "offers": [
            {"id": 1000 * site.noise + n, "gpu_name": gpu, "num_gpus": count, "dph_total": price}
            for n, (gpu, count, price) in enumerate(prices)
        ]
    }


def _gpuhunt(site: Site, request: Request) -> Body | None:
    provider = str(site.source.parameters["provider"])
    newest = f"20260818-{42 + site.moved}"
    if request.path == f"/v3/{provider}/version":
        return f"{newest}\n"
    if request.path != f"/v3/{provider}/{newest}/catalog.zip":
        return None
    head = CATALOG.splitlines()[0]
    prices = {"north-1": 67.72672 - site.moved, "south-1": 70.0}
    lines = [
        f"p5en.48xlarge,{region},{price},192,2048.0,8,H200,141.0,False,,nvidia,"
        for region, price in prices.items()
    ]
    return zipped(f"{provider}.csv", "\n".join([head, *lines, "m5.large,north-1,0.096,2,8.0,0,,,False,,,"]))


def _ecb(site: Site, request: Request) -> Body:
    """A zip whose archive time differs each time."""
    del request
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        made = zipfile.ZipInfo("eurofxref-hist.csv", (2026, 11, 20, 15, 0, 2 * (site.noise % 30)))
        archive.writestr(made, RATES.replace("10.978", f"10.9{78 - site.moved}"))
    return buffer.getvalue()


def _genai_prices(site: Site, request: Request) -> Body:
    del request
    models = [("big", 3.0 - 0.5 * site.moved, 15), ("small", 0.25, 1.25)]
    return [
        {
            "id": "somebody",
            "name": "Somebody",
            "models": [
                {"id": name, "match": {}, "prices": {"input_mtok": one, "output_mtok": out}}
                for name, one, out in models
            ],
        }
    ]


def _mlperf(site: Site, request: Request) -> Body:
    round_ = request.path.split("inference_results_")[1].split("/")[0]
    found = [
        result(version=round_, Performance_Result=100_000.0 + 500 * site.moved),
        result(version=round_, Scenario="Server", Performance_Result=98_000),
    ]
    if request.path.endswith("summary_results.json"):
        return found
    return {str(number): renamed(entry) for number, entry in enumerate(found)}


def _epoch(site: Site, request: Request) -> Body:
    del request
    return HARDWARE.replace("33600.0", f"{33600.0 - 100 * site.moved}")


ANSWERS: Mapping[str, tuple[Callable[[Site, Request], Body | None], bool]] = {
    "aws": (_aws, True),
    "azure": (_azure, False),
    "ecb": (_ecb, False),
    "epoch": (_epoch, True),
    "gcp": (_gcp, False),
    "genai_prices": (_genai_prices, True),
    "gpuhunt": (_gpuhunt, True),
    "lambdalabs": (_lambda, False),
    "mlperf": (_mlperf, True),
    "oci": (_oci, False),
    "ovhcloud": (_ovhcloud, False),
    "runpod": (_runpod, False),
    "vast": (_vast, False),
    "verda": (_verda, False),
}


def site_of(source: Source, server: HTTPServer) -> Site:
    """The site of a declared source, running on ``server``."""
    answer, has_validators = ANSWERS[source.publisher]
    return put_up(Site(server, source, answer, has_validators))


def put_up(site: Site) -> Site:
    """The site, answering whatever its server is asked."""
    site.server.expect_request(documents.ANY_PATH).respond_with_handler(site.reply)
    return site
