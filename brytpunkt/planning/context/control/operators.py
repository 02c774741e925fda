"""Control facts: who operates what, under whose law, and where each statement comes from.

The seat of an operator stands in ``seats``; here stand its name, its source and what qualifies the seat.
A source with ``was_read=False`` is where to check a statement that is generally known; it was not read for this
table. Law as known in mid-2026. This is no legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass

from brytpunkt.declarations import EEA
from brytpunkt.planning.note import Note


@dataclass(frozen=True)
class Source:
    """Where a statement comes from, or can be checked."""

    title: str
    url: str
    year: int
    was_read: bool = True

    def __str__(self) -> str:
        note = "" if self.was_read else "; generally known, not read again"
        return f"{self.title} ({self.year}), {self.url}{note}"


@dataclass(frozen=True)
class Operator:
    """Who stands behind a provider's name in the price tables.

    ``arms``: countries outside the seat, known to matter, where the operator itself has data centres or a company.
    ``note``: what qualifies the seat, or why it is not recorded.
    """

    name: str
    source: Source
    arms: tuple[str, ...] = ()
    note: Note | None = None


def _filing(title: str, number: int) -> Source:
    url = f"https://www.sec.gov/cgi-bin/browse-edgar?action=getcompany&CIK={number:010d}"
    return Source(f"{title}: annual reports to the SEC", url, 2025, was_read=False)


def _page(title: str, url: str, year: int = 2025, *, read: bool = False) -> Source:
    return Source(title, url, year, was_read=read)


OPERATORS: dict[str, Operator] = {
    "anthropic": Operator(
        "Anthropic, PBC", _page("Anthropic: commercial terms", "https://www.anthropic.com/legal")
    ),
    "aws": Operator("Amazon Web Services, Inc.", _filing("Amazon.com, Inc.", 1018724)),
    "azure": Operator("Microsoft Corporation", _filing("Microsoft Corporation", 789019)),
    "cerebras": Operator(
        "Cerebras Systems Inc.",
        _page("Cerebras: terms of use", "https://cerebras.ai/terms-of-service", 2024, read=True),
    ),
    "cohere": Operator("Cohere Inc.", _page("Cohere: terms of use", "https://cohere.com/terms-of-use")),
    "coreweave": Operator(
        "CoreWeave, Inc.",
        _page(
            "CoreWeave, Inc.: prospectus",
            "https://www.sec.gov/Archives/edgar/data/1769628/000119312525067651/d899798d424b4.htm",
            read=True,
        ),
    ),
    "crusoe": Operator("Crusoe Energy Systems", _page("Crusoe: legal", "https://www.crusoe.ai/legal")),
    "databricks": Operator(
        "Databricks, Inc.", _page("Databricks: legal", "https://www.databricks.com/legal")
    ),
    "deepseek": Operator(
        "Hangzhou DeepSeek Artificial Intelligence",
        _page(
            "Ropes & Gray, DeepSeek: legal considerations for enterprise users",
            "https://ropesgray.com/en/insights/alerts/2025/01/deepseek-legal-considerations-for-enterprise-users",
            read=True,
        ),
    ),
    "digitalocean": Operator("DigitalOcean Holdings, Inc.", _filing("DigitalOcean Holdings, Inc.", 1582961)),
    "fireworks": Operator(
        "Fireworks AI, Inc.", _page("Fireworks AI: terms", "https://fireworks.ai/terms-of-service")
    ),
    "gcp": Operator("Google LLC", _filing("Alphabet Inc.", 1652044)),
    "google": Operator("Google LLC", _filing("Alphabet Inc.", 1652044)),
    "groq": Operator(
        "Groq, Inc.",
        _page("Groq: terms of sale", "https://console.groq.com/docs/terms-of-sale", read=True),
    ),
    "huggingface_nebius": Operator(
        "Hugging Face, Inc. as router, Nebius Group N.V. behind it",
        _page("Hugging Face: inference providers", "https://huggingface.co/docs/inference-providers"),
        note=Note("operator_two_behind"),
    ),
    "hyperstack": Operator(
        "NexGen Cloud Ltd",
        _page("Hyperstack: terms and conditions", "https://hyperstack.cloud/terms-and-conditions", read=True),
    ),
    "lambda": Operator("Lambda, Inc.", _page("Lambda: legal", "https://lambda.ai/legal")),
    "meta": Operator("Meta Platforms, Inc.", _filing("Meta Platforms, Inc.", 1326801)),
    "mistral": Operator(
        "Mistral AI", _page("Mistral AI: terms of service", "https://mistral.ai/terms", read=True)
    ),
    "moonshotai": Operator(
        "Moonshot AI",
        _page("Kimi: terms of service", "https://platform.kimi.ai/docs/agreement/modeluse", 2026, read=True),
        arms=("SG",),
        note=Note("operator_singapore"),
    ),
    "nebius": Operator(
        "Nebius Group N.V.",
        _page(
            "Nebius Group N.V.: report to the SEC",
            "https://www.sec.gov/Archives/edgar/data/0001513845/000110465925044092/",
            read=True,
        ),
        arms=("US", "GB"),
    ),
    "novita": Operator(
        "Novita AI",
        _page("Novita AI: privacy policy", "https://novita.ai/legal/privacy-policy", 2024, read=True),
        note=Note("operator_nameless"),
    ),
    "openai": Operator("OpenAI", _page("OpenAI: policies", "https://openai.com/policies")),
    "ovhcloud": Operator(
        "OVH Groupe",
        _page(
            "OVH: development in the USA and European identity",
            "https://www.ovh.com/asia/a2294.how-ovh-will-balance-development-in-the-usa-while-preserving-its-european-identity",
            2016,
            read=True,
        ),
        arms=("US", "CA"),
        note=Note("operator_isolated"),
    ),
    "runpod": Operator(
        "RunPod, Inc.", _page("RunPod: terms of use", "https://www.runpod.io/legal/disclaimer", read=True)
    ),
    "scaleway": Operator(
        "Scaleway SAS (Iliad)", _page("Scaleway: contracts", "https://www.scaleway.com/en/contracts/")
    ),
    "spheron": Operator(
        "Spheron Network",
        _page("Spheron: pricing", "https://www.spheron.network/pricing/"),
        note=Note("operator_marketplace"),
    ),
    "together": Operator(
        "Together Computer, Inc.", _page("Together AI: terms", "https://www.together.ai/terms-of-service")
    ),
    "verda": Operator(
        "Verda (DataCrunch Oy)",
        _page("DataCrunch: terms and conditions", "https://datacrunch.io/terms-and-conditions", read=True),
    ),
    "vultr": Operator(
        "The Constant Company, LLC", _page("Vultr: terms of service", "https://www.vultr.com/legal/tos/")
    ),
    "x-ai": Operator("xAI", _page("xAI: legal", "https://x.ai/legal")),
    "zai": Operator(
        "Zhipu AI",
        _page(
            "BIS, Additions to the Entity List, 90 FR 4617", "https://frtracker.app/fr/2025-00704", read=True
        ),
        note=Note("operator_listed"),
    ),
}

CLOUD_ACT = Source(
    "CLOUD Act, 18 U.S.C. 2713; FISA section 702, 50 U.S.C. 1881a",
    "https://www.law.cornell.edu/uscode/text/18/2713",
    2018,
    was_read=False,
)
FISA = Source(
    "Brookings, on the expiry of FISA section 702",
    "https://www.brookings.edu/articles/a-key-intelligence-law-expires-in-april-and-the-path-for-reauthorization-is-unclear",
    2026,
)
CHINA_LAW = Source(
    "National Intelligence Law of China, articles 7 and 14",
    "https://www.chinalawtranslate.com/en/national-intelligence-law-of-the-p-r-c-2017/",
    2017,
    was_read=False,
)
UK_LAW = Source(
    "Investigatory Powers Act 2016", "https://www.legislation.gov.uk/ukpga/2016/25", 2016, was_read=False
)
GDPR = Source(
    "GDPR, Regulation (EU) 2016/679, chapter V",
    "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    2016,
    was_read=False,
)
DPF = Source(
    "EU-US Data Privacy Framework, Decision (EU) 2023/1795; upheld in T-553/23 on 3 September 2025",
    "https://eucrim.eu/news/general-court-confirms-adequacy-of-us-data-protection",
    2025,
)
ADEQUACY = Source(
    "European Commission, adequacy decisions",
    "https://commission.europa.eu/law/law-topic/data-protection/international-dimension-data-protection/adequacy-decisions_en",
    2026,
)
UK_ADEQUACY = Source(
    "Renewal of the adequacy decisions for the United Kingdom until 27 December 2031",
    "https://www.dpocentre.com/news/eu-renews-uk-personal-data-adequacy-decisions",
    2025,
)
BRAZIL_ADEQUACY = Source(
    "EU and Brazil adopt mutual adequacy decisions",
    "https://www.stevens-bolton.com/insights/102mh6r/eu-and-brazil-adopt-mutual-adequacy-decisions",
    2026,
)
KEYS = Source(
    "EDPB, Recommendations 01/2020 on supplementary measures, use cases 1 and 6",
    "https://www.edpb.europa.eu/our-work-tools/our-documents/recommendations/recommendations-012020-measures-supplement-transfer_en",
    2021,
    was_read=False,
)
DATA_ACT = Source(
    "EU Data Act, Regulation (EU) 2023/2854, articles 23-31",
    "https://eur-lex.europa.eu/eli/reg/2023/2854/oj",
    2023,
    was_read=False,
)
EAR = Source(
    "US Export Administration Regulations, 15 CFR 744.23, ECCN 3A090 and 4A090; worldwide rule rescinded May 2025",
    "https://sanctionsnews.bakermckenzie.com/bis-begins-rescinding-ai-diffusion-rule-and-issues-guidance-on-huawei-ics-and-on-ics-and-commodities-used-to-train-ai-models",
    2025,
)
ASCEND = Source(
    "BIS, guidance on advanced computing chips of Chinese design, May 2025",
    "https://www.akingump.com/en/insights/alerts/bis-rescinds-its-ai-diffusion-rule-and-issues-compliance-guidance-regarding-advanced-computing-items",
    2025,
)
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Country:
    """How the GDPR sees a country: in the EEA, adequate, adequate on a condition, or a third country."""

    standing: str
    finding: Note
    source: Source


ADEQUATE = frozenset({"AD", "AR", "FO", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "CH", "UY"})
_OTHERS = {
    "GB": Country("adequate", Note("adequate_gb"), UK_ADEQUACY),
    "BR": Country("adequate", Note("adequate_br"), BRAZIL_ADEQUACY),
    "CA": Country("adequate", Note("adequate_ca"), ADEQUACY),
    "US": Country(
        "conditional",
        Note("adequate_us"),
        DPF,
    ),
}


def country_of(code: str) -> Country:
    """The standing of a country under chapter V of the GDPR, from its ISO code."""
    if code in EEA:
        return Country("eea", Note("inside_the_eea"), GDPR)
    if code in _OTHERS:
        return _OTHERS[code]
    if code in ADEQUATE:
        return Country("adequate", Note("adequate_decided"), ADEQUACY)
    return Country("third", Note("not_adequate"), GDPR)


# Destinations to which exports of advanced US chips need no licence as far as is recorded here; Cyprus, an EEA
# member under a US arms embargo of its own, is left out.
OPEN_DESTINATIONS = (EEA - {"CY"}) | {"GB", "CH", "CA", "JP", "KR", "AU", "NZ"}
EMBARGOED = frozenset({"CN", "HK", "MO", "RU", "BY", "IR", "KP", "SY", "CU", "VE"})


@dataclass(frozen=True)
class Maker:
    """Who makes a GPU, and whose export law follows it."""

    name: str
    seat: str
    source: Source


_NVIDIA = Maker("NVIDIA", "US", EAR)
MAKERS: dict[str, Maker] = {
    **dict.fromkeys(("A", "B", "GB", "GH", "H", "L", "RTX"), _NVIDIA),
    "MI": Maker("AMD", "US", EAR),
    "TPU": Maker("Google", "US", EAR),
    "GAUDI": Maker("Intel", "US", EAR),
    "ASCEND": Maker("Huawei", "CN", ASCEND),
}


def maker_of(gpu_model: str) -> Maker | None:
    """The maker of a GPU by the letters that its canonical name begins with; None where it is not recorded."""
    letters = ""
    for sign in gpu_model.upper():
        if not sign.isalpha():
            break
        letters += sign
    return MAKERS.get(letters)


def operator_of(provider: str) -> Operator | None:
    """Who stands behind a provider of the price tables; None where it is not recorded."""
    return OPERATORS.get(provider.lower())
