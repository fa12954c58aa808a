"""Who tells: for whom, how they begin and how they end."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells, and what they call whoever was cared for."""

    role: str
    i: str
    me: str
    my: str

    @property
    def words(self) -> dict[str, str]:
        """Fill in what a sentence leaves open about whoever was cared for."""
        whom = self.me if self.i == "I" else self.i
        return {"i": self.i, "me": self.me, "my": self.my, "whom": whom}


TELLERS = (
    Teller("the patient", "I", "me", "my"),
    Teller("the patient", "I", "me", "my"),
    Teller("the patient", "I", "me", "my"),
    Teller("a relative", "Mum", "her", "her"),
    Teller("a relative", "Dad", "him", "his"),
    Teller("a relative", "my wife", "her", "her"),
    Teller("a parent/guardian", "our son", "him", "his"),
    Teller("a carer", "my husband", "him", "his"),
    Teller("a friend", "my friend", "her", "her"),
)
"""Patients are named three times, for they tell a third of all stories."""

AGES = (None, "16-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+")

OPENINGS = (
    (
        "in {month} {i} came to {place} after [a fall on the stairs|weeks of headaches|a letter "
        "from the doctor|a bad night|months of putting it off]."
    ),
    (
        "{i} had to go to {place} in {month}, [for the first time in thirty years|not for the "
        "first time|with a knot in the stomach]."
    ),
    "this is about {ward} at {place}, where {i} was looked after in {month}.",
    (
        "I have been meaning to write this [for weeks|since the autumn|ever since we got home]: "
        "in {month} {i} was [seen|treated|cared for] at {place}."
    ),
    (
        "[early|late|some time] in {month} our doctor sent {whom} to {place}, [the same "
        "day|without much hope|to be on the safe side]."
    ),
    (
        "[a neighbour|my daughter|the receptionist] told me to write down what happened at "
        "{place}, so here it is, as {month} [really was|still feels|stays with us]."
    ),
)

TURNS = (
    "there was another side to it as well.",
    "but that is not the whole story.",
    "so much for the one half; here is the other.",
    "to be fair, [this has to be said too|I should add the rest].",
)

GOOD_ENDINGS = (
    (
        "[thank you|a thousand thanks] to everyone {on_ward}; please [pass this on|pin this up "
        "somewhere|let them know]."
    ),
    (
        "I would [go back|send anyone I love there|choose it again] [tomorrow|without a second "
        "thought]."
    ),
    (
        "people complain so readily, so I wanted to [say it loudly|put this on record|write it "
        "down] for once: it was *good*."
    ),
)

BAD_ENDINGS = (
    (
        "I do not want anyone punished, I want [it to be different for the next person|somebody "
        "to read this and change one thing|an honest answer]."
    ),
    (
        "what would have helped: [one person who knew|a telephone call|five minutes of somebody's "
        "time]. *That is all.*"
    ),
    (
        "it [comes back at night|is still talked about at home|hangs over every new letter], and "
        "we have heard [nothing|not a word] since."
    ),
    (
        "could somebody please [explain|tell us] how that was [supposed to work|thought to be all "
        "right]?"
    ),
)

FEELINGS = (
    ("cared for", 1),
    ("grateful", 1),
    ("reassured", 1),
    ("safe", 1),
    ("let down", -1),
    ("frightened", -1),
    ("ignored", -1),
    ("angry", -1),
    ("tired", 0),
)
"""How they felt: a tag, and which way it points."""

CRITICALITY = (
    "minimally critical",
    "mildly critical",
    "moderately critical",
    "strongly critical",
    "severely critical",
)
"""The channel's words, the mildest first."""
