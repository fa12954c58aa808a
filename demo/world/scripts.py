"""The scripts that replies are pasted from, and the words of those who write their own."""

from demo.world import population

Script = tuple[str, ...]
"""Sentences, in order."""

_ACUTE: tuple[Script, ...] = (
    (
        "Thank you for taking the time to share your experience of {ward} at {place}.",
        "All feedback is important to us as it helps us to learn and to improve our services.",
        "We are sorry if on this occasion the care you received did not meet your expectations.",
        "As comments on this site are anonymous we are unable to look into individual matters.",
        (
            "If you would like to discuss your concerns further please contact our Patient Advice "
            "Service on {phone}, who will be pleased to assist you."
        ),
    ),
    (
        "Thank you for your kind comments about {place}.",
        "It is always good to hear when our patients have had a positive experience.",
        "Our staff work very hard to provide the best possible care at all times.",
        "Your comments have been passed to the manager of {ward} to share with the team.",
        "We wish you well for the future.",
    ),
    (
        "Dear patient, thank you for bringing this matter to the attention of {trust}.",
        "We take all concerns raised by our patients and visitors very seriously.",
        "The trust is committed to providing a high standard of safe and effective care.",
        (
            "To enable us to investigate we would ask that you contact {name} on {phone} quoting "
            "your hospital number and the dates of your stay."
        ),
        "Please accept our apologies for any distress or inconvenience this may have caused.",
    ),
    (
        "We are grateful to you for letting us know about your visit to {ward}.",
        "Feedback of this kind is reviewed each month by our Patient Experience Committee.",
        (
            "Where themes are identified an action plan is agreed with the divisional team and "
            "monitored until it has been completed."
        ),
        (
            "Should you require any further information the customer care desk at {place} can be "
            "reached on {phone} between nine and five from Monday to Friday."
        ),
    ),
)

_OTHERS: tuple[Script, ...] = (
    (
        "Thank you for your feedback about {place}.",
        (
            "We have shared your comments with the team concerned and they will be discussed at "
            "the next service meeting."
        ),
        "If there is anything that you would like to talk about please ring us on {phone}.",
    ),
)

BY_TRUST = {
    population.ACUTE: _ACUTE,
    population.MENTAL_HEALTH: _OTHERS,
    population.COMMUNITY: _OTHERS,
    population.AMBULANCE: _OTHERS,
    population.PRACTICE: _OTHERS,
}

EXTRAS = (
    "I was sorry to read about {ward}.",
    "We have noted what you say in {month}.",
    "Please do get in touch, as we would like to know more.",
    "The sister in charge of {ward} has asked me to thank you.",
)
"""What somebody in a hurry puts into a script."""

OPENINGS = (
    (
        '"{quote}": I have read [that line|this] [three times|aloud to my team|again on the way '
        "home], and I [want to answer it properly|am glad you wrote it|did not want to answer in "
        "a hurry]."
    ),
    (
        "I run the team you write about, and your words about {ward} [stayed with me all "
        "weekend|were the first thing I read today|made me stop and think]."
    ),
    (
        'You wrote "{quote}", and [nothing I can say undoes it|there it is, in a few words|I know '
        "exactly which day you mean]."
    ),
    (
        "Hello, I am {name}, and I [was on duty when you came|look after this part of the "
        "service|began here as a student in {month}]."
    ),
    "What struck me in '{title}' is the part where you say \"{quote}\".",
    (
        "[This morning|On Tuesday|Last night] we read '{title}' together at handover, [all eleven "
        "of us|the students too|with the door shut]."
    ),
    (
        "Your story reached me [through a colleague|before breakfast|by way of the porter], and "
        '"{quote}" is [a sentence I will keep|what I keep coming back to|hard to read, and fair].'
    ),
    (
        "[Where do I begin?|May I answer in plain words?|I owe you more than a form letter.] You "
        'tell us "{quote}", and [you are right|that is how it was|we ought to have known].'
    ),
)

CHEERS = (
    (
        "The person you mean is [shy about praise|new with us|retiring next year], and she asked "
        'whether she may [keep a copy|show it to her mother|frame it]; so "{quote}" now hangs in '
        "{ward}."
    ),
    (
        "[It is the small things|It is never one person alone], as you say, and the "
        "[cleaners|porters|night staff] were [pleased|touched] to find themselves in it."
    ),
    (
        "What went well for you has [a name and a face|a history], because [two years ago|not "
        "long since] a patient told us how to do it better and we listened."
    ),
    (
        "I asked who that was, and [four hands went up|everyone pointed at the same man|it took "
        'us a while to work out]; he says "{quote}" is [what he hopes for|why he does it].'
    ),
    (
        "Praise for {ward} is [rare in this inbox|a good way to begin a week], and I [rang them "
        "at once|took it up the stairs myself]."
    ),
)

THANKS = (
    (
        "Come and [see us when you pass|have a cup of tea] one [Friday|afternoon]; there are "
        "people here who would like to [shake your hand|say it to your face]."
    ),
    (
        "It will be the [first page|opening story] of our [autumn newsletter|training day], if "
        "you [do not mind|say yes]."
    ),
    (
        "I have nothing to add except that it [made our day|is why we come in], and that I hope "
        "you [keep well|sleep soundly|are back in the garden]."
    ),
    "May we [use your words|read it out] when we [teach|welcome new staff] in [May|October]?",
)

STEPS = (
    (
        "What I have done so far: I [spoke to the people on duty|checked the rota|walked the same "
        "way that you did], and I have [put it on the agenda for Wednesday|asked for two chairs "
        "and a lamp|written to the planner]."
    ),
    (
        "I cannot [promise miracles|give you that day back], but I can [show you what has "
        "changed|tell you honestly what has not|write again in six weeks]."
    ),
    (
        "Would you [come and tell this to our team|let me ring you|join us for an hour] so that "
        "we [get it right|do not guess|hear it from you]?"
    ),
    (
        "Two things follow from this at {place}: [a trial from Monday|new wording|one more pair "
        "of hands at night], and [a date for looking again|somebody whose job it is]."
    ),
    (
        "I have asked [the matron|our governors|a colleague from another team] to [visit "
        "unannounced|look at it with fresh eyes], and will [post the result here|tell you what "
        "they find]."
    ),
)

CLOSINGS = (
    "[With thanks|With my apologies and thanks|Warm wishes],",
    (
        "You can [reach me directly|ask for me by name] at {place}, [any weekday|on Mondays and "
        "Thursdays], or [write here again|drop in]."
    ),
    "If I have [misread|misunderstood] any of it, please [tell me|put me right].",
    "[Yours|Very best wishes|Thank you again],",
    "I hope that the [coming months are kinder|next visit is a better one|winter goes easily].",
)

CHANGES = (None, None, "No change planned", "Change planned", "Change planned", "Change made")
"""What a reply to a story that hurts says will be different."""

ROLES = (
    "Patient Experience Lead",
    "Ward Manager",
    "Matron",
    "Service Manager",
    "Head of Nursing",
    "Consultant",
)

FIRST_NAMES = ("Helen", "Omar", "Jean", "Priya", "Alan", "Ruth", "Colin", "Nadia", "Tess", "Idris")
LAST_NAMES = ("Marsh", "Oakes", "Farrow", "Linden", "Bexley", "Thorne", "Hallam", "Quill", "Reeve")
