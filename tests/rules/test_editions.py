"""Which editions there are, those included that were taken out of the configuration."""

from rules import editions
from schemas.config import Config
from schemas.partner import SANDBOX, Edition, Partner

HERE = Edition(id="all", partner="nhs", title="All of it", page_size=3)
CONFIG = Config(partners=(Partner(id="nhs", name="The Health Site"),), editions=(HERE,))


def test_those_that_were_taken_out_follow_those_that_are_configured() -> None:
    keys = ["nhs/old", "nhs/all", "bbc/all", f"nhs/{SANDBOX}"]

    assert editions.known(CONFIG, keys) == [
        HERE,
        Edition(id="all", partner="bbc", title="bbc/all"),
        Edition(id="old", partner="nhs", title="nhs/old"),
    ]
    assert editions.ended(CONFIG, ["nhs/all"]) == []


def test_of_a_partner_that_was_taken_out_nothing_is_known_but_its_id() -> None:
    assert editions.partner(CONFIG, "nhs").name == "The Health Site"
    assert editions.partner(CONFIG, "bbc") == Partner(id="bbc", name="bbc")
