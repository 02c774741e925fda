"""The account of a document adds up whatever is said of its rows, and a field that no table lists is found."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from brytpunkt.publishers._shared.accounting import (
    IGNORED,
    Account,
    Accounts,
    Fields,
    Role,
    meaning,
    paths,
    unknown,
    value,
)
from brytpunkt.publishers._shared.protocol import Listing

FIELDS: Fields = {
    "shelf[].name": value("sku"),
    "shelf[].sold_by": meaning("the hour; any other is refused"),
    "shelf[].colour": IGNORED,
    "shelf[].sizes.*.litres": value("amount"),
    "trailer.**": IGNORED,
}


def test_paths_name_each_field_once() -> None:
    whole = {"shelf": [{"name": "a"}, {"name": "b", "sizes": {"big": {"litres": 1}}}], "page": 2}
    assert list(paths(whole)) == [
        "shelf",
        "shelf[].name",
        "shelf[].sizes",
        "shelf[].sizes.big",
        "shelf[].sizes.big.litres",
        "page",
    ]


def test_a_field_that_no_table_lists_is_found_wherever_it_stands() -> None:
    whole = {
        "shelf": [
            {"name": "a", "sold_by": "hour", "colour": "red"},
            {
                "name": "b",
                "sold_by": "hour",
                "tenancy": "shared",
                "sizes": {"any": {"litres": 1, "gills": 7}},
            },
        ],
        "trailer": {"whatever": [{"is": "here"}]},
        "currency": "USD",
    }
    assert unknown(FIELDS, paths(whole)) == ["currency", "shelf[].sizes.any.gills", "shelf[].tenancy"]


def test_columns_are_looked_up_by_their_name() -> None:
    columns: Fields = {"Memory (bytes)": value("memory_gb"), "a#": value("count"), "Notes": IGNORED}
    assert unknown(columns, ["a#", "Memory (bytes)", "Memory"]) == ["Memory"]


def test_roles_say_what_a_field_is() -> None:
    assert FIELDS["shelf[].sold_by"].role is Role.MEANING
    assert FIELDS["shelf[].name"].says == "sku"
    assert FIELDS["shelf[].colour"].role is Role.IGNORED


def test_an_account_adds_up_whatever_the_order_of_what_is_said() -> None:
    said: list[Callable[[Account], None]] = [
        lambda account: account.take("row 1"),
        lambda account: account.leave_out("row 1", "superseded"),
        lambda account: account.remark("row 2", "an unknown name"),
        lambda account: account.leave_out("row 2", "no GPU"),
        lambda account: account.leave_out("row 3", "no GPU"),
        lambda account: account.refuse("row 4", "no number"),
        lambda account: account.left_out_unseen("another region", 90),
    ]
    for order in permutations(said, len(said)):
        account = Account("list.json")
        for place in ("row 1", "row 2", "row 3", "row 4"):
            account.read(place)
        for say in order:
            say(account)
        assert (account.rows, account.taken) == (94, 1)
        assert account.left_out == {"no GPU": 1, "another region": 90}
        assert account.remarked == {"row 2": "an unknown name"}
        assert account.refused == {"row 4": "no number"}
        assert account.unaccounted == []


def test_a_row_of_which_nothing_is_said_is_told() -> None:
    account = Account("list.json")
    account.read("row 7")
    assert (account.rows, account.unaccounted) == (1, ["row 7"])


def test_an_account_is_opened_anew_with_each_parse() -> None:
    accounts = Accounts()
    accounts.opened("a").left_out_unseen("elsewhere", 3)
    accounts.opened("a").read("row 1")
    assert [(account.name, account.rows) for account in accounts] == [("a", 1)]
    assert accounts.of("a").unaccounted == ["row 1"]


def test_listings_of_the_same_documents_are_equal_whatever_was_counted() -> None:
    one, other = Listing("test", ()), Listing("test", ())
    one.accounts.of("a").read("row 1")
    assert one == other
    assert one.sha256 == other.sha256
