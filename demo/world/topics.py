"""What people tell of wherever they were cared for, well and badly."""

from demo.world.phrases import Topic

STAFF = Topic(
    "staff",
    (
        (
            "the [nurses|nursing staff|whole team] {on_ward} were [kind|patient|gentle|warm] from "
            "[the first minute|start to finish|the moment we arrived]."
        ),
        (
            "one [nurse|healthcare assistant|student nurse] sat with {me} for [ten minutes|a good "
            "while|most of her break] because she could see how [worried|upset|frightened] {i} "
            "was."
        ),
        (
            "every [doctor|nurse|porter|cleaner] who came in [said hello|gave their name|smiled] "
            "and [asked how {i} felt|explained why they were there|used {my} own name]."
        ),
        (
            "nothing was too much trouble, even at [four in the morning|the end of a long "
            "shift|the busiest time of the day]."
        ),
        "they treated {me} as a person and not as [a bed number|a set of notes|the next job].",
    ),
    (
        (
            "one [nurse|doctor|member of staff] {on_ward} spoke to {me} as if {i} were [a "
            "nuisance|a child|not in the room]."
        ),
        (
            "nobody [gave their name|looked up from the screen|asked what {i} was called] for the "
            "whole of the [morning|visit|first day]."
        ),
        (
            "when {i} asked for [help|a drink|a blanket] the answer was a [sigh|shrug|short "
            "reply] and [in a minute|not now|somebody else will do it], which never happened."
        ),
        (
            "there were plainly [too few|not enough] people on duty, and those who were there "
            "looked [worn out|close to tears|as tired as we were]."
        ),
        (
            "two members of staff [argued|complained|talked about their rota] over {my} bed as if "
            "nobody could hear."
        ),
    ),
    "kind staff",
    "attitude of staff",
    ("[Kindness|Real warmth|Patience] {on_ward}", "[Treated like a nuisance|Nobody had time]"),
    (
        (
            "Nobody should be spoken to in the way you describe, and I have [shared your "
            "words|gone through your account|talked about this] with the [team leaders|sisters "
            "and charge nurses] at {place}."
        ),
        (
            "I was [ashamed|very sorry|sad] to read how you were met, because it is the opposite "
            "of what the people who work here [set out|come in] to do."
        ),
        (
            "We have been [short of two|without three|recruiting for some] posts since the "
            "spring; the last of these is filled from [Monday|next month|the new year]."
        ),
    ),
    (
        (
            "I have pinned what you said about the team to the board in the staff room, where it "
            "was read [before lunch|by the night shift|by everyone] and made [a few people "
            "cry|their week|them proud]."
        ),
    ),
)

TALK = Topic(
    "communication",
    (
        (
            "the [consultant|doctor|nurse in charge] [drew a little picture|sat down on a "
            "chair|used plain words] so that {i} [understood|could follow|knew] what would happen "
            "next."
        ),
        (
            "we were told [honestly|clearly|without any fuss] what was [known and what was "
            "not|likely|planned], which [helped|mattered|calmed us] more than anything."
        ),
        (
            "somebody rang {me} the [next day|same evening|following week] to [check|ask how "
            "things were|explain the results], just as they had promised."
        ),
        "they asked what mattered to {me} and then [wrote it down|acted on it|came back to it].",
    ),
    (
        (
            "every person we asked [told us something different|sent us to someone else|said it "
            "was not their patient]."
        ),
        (
            "the letter said one [date|time|place] and the [text|desk|telephone call] said "
            "another, so we [came twice|missed it|sat in the wrong corridor]."
        ),
        (
            "we were given the news [in a corridor|behind a thin curtain|on the telephone] and "
            "then left to [work it out|read about it at home|tell the family] alone."
        ),
        (
            "{my} notes had [gone missing|not been sent on|been muddled], so {i} had to tell the "
            "whole story [again|for the fourth time|to a stranger]."
        ),
        "nobody [explained|told us|wrote down] what the [tablets|next steps|test results] meant.",
    ),
    "clear explanation",
    "poor communication",
    (
        "[Everything explained|Told the truth kindly]",
        "[Left in the dark|Five people, five answers]",
    ),
    (
        (
            "You were given [two|three|several] different answers, and I have traced [where|how] "
            "that happened: the [handover sheet|letter template|booking screen] still had the old "
            "[times|names|wording]."
        ),
        (
            "You should have had one person to ask, and from now on {place} gives every family a "
            "[named nurse|card with a name|direct contact] on the first day."
        ),
        (
            "I am sorry about the letters; our [appointments|records|typing] team has now "
            "[checked yours|corrected the wording|stopped the duplicate]."
        ),
    ),
    (
        (
            "It helps to know that the [drawing|telephone call|plain words] made the difference, "
            "since we [teach|practise|talk about] exactly that with new doctors."
        ),
    ),
)

WAIT = Topic(
    "waiting",
    (
        (
            "{i} was seen within [ten minutes|a quarter of an hour|half an hour] of arriving, [on "
            "a Saturday|in the middle of a busy afternoon|although the room was full]."
        ),
        (
            "when the clinic ran late somebody [came out to say so|wrote the delay on the "
            "board|brought us tea] every [twenty minutes|half hour]."
        ),
        (
            "the whole thing, from [door to door|first call to treatment|letter to appointment], "
            "took [less than a week|two hours|under a fortnight]."
        ),
    ),
    (
        (
            "we waited [three|four|five|nearly seven] hours on [hard chairs|a trolley|our feet] "
            "with [no word|no water|nobody to ask] and [two|a few] others who were worse off."
        ),
        (
            "{my} appointment was [cancelled|moved|lost] [twice|three times], the last time [on "
            "the morning itself|by a letter that came the day after|without any reason]."
        ),
        (
            "it took [eleven weeks|four months|half a year] to be [seen|referred|given a date], "
            "and {i} [got worse|lost heart|could not work] in the meantime."
        ),
        (
            "the board said [forty minutes|one hour] all [day|evening] and was [plainly "
            "wrong|never changed]."
        ),
    ),
    "seen quickly",
    "waiting time",
    ("[In and out in an hour|Seen at once]", "[Four|Five|Six] hours [without a word|on a chair]"),
    (
        (
            "On the day you came [forty|thirty|twenty-five] more people than usual arrived "
            "between [noon and six|four and midnight], which explains the wait but does not "
            "excuse the [silence|lack of news]."
        ),
        (
            "The board is now [changed by hand every hour|checked by the nurse in charge|switched "
            "off when it cannot be trusted]."
        ),
        (
            "Your date was moved because [a theatre was closed|a colleague was ill|the list was "
            "overbooked], and you should have heard that from us by telephone."
        ),
        (
            "We have opened [a second clinic on Thursdays|an evening list|four more places a "
            "week] because of waits like yours."
        ),
    ),
)

FAMILY = Topic(
    "family",
    (
        (
            "they let [us stay|the family come in|my sister sit] outside visiting hours and "
            "[found a folding bed|made up a chair|kept bringing tea]."
        ),
        "the staff [asked us|listened|took us seriously] as the people who know {me} best.",
        (
            "our [little boy|granddaughter|youngest] was given [crayons|a sticker|a tour of the "
            "equipment] and forgot to be [afraid|bored]."
        ),
    ),
    (
        (
            "we were sent away at [eight sharp|the end of visiting] although {i} was "
            "[confused|very frightened|plainly ill]."
        ),
        (
            "nobody [rang us|told the family|asked us anything] until [the next afternoon|it was "
            "all over|we turned up in person]."
        ),
        (
            "as [the main carer|next of kin|a daughter or son] one is [invisible|only in the way] "
            "there, although we do all of this at home [every day|on our own]."
        ),
    ),
    "family involved",
    "carers ignored",
    ("[The whole family|All of us] looked after", "[The family|We] heard last"),
    (
        (
            "Those who care for someone at home know more than our notes do, and [you|your "
            "family] should have been asked on the first [evening|day]."
        ),
        (
            "Visiting at {place} is now open [until nine|all day|by agreement] for anyone who is "
            "[confused|afraid|very ill]."
        ),
        (
            "We have started a carers' [passport|card|register], and I would like to [send you "
            "one|show you the draft]."
        ),
    ),
)

PLACE = Topic(
    "environment",
    (
        (
            "{ward} was [spotless|clean and quiet|light and calm], and somebody [mopped|wiped the "
            "tables|changed the beds] [twice a day|while chatting to everyone]."
        ),
        (
            "even small things had been thought of: [a clock you can see|big signs|a quiet "
            "corner|a window that opens]."
        ),
    ),
    (
        (
            "the [toilets|bathroom|floor] {on_ward} had not been [cleaned|touched] since [the day "
            "before|breakfast], and we [said so twice|cleaned it ourselves]."
        ),
        "it was so [loud|bright|hot] that {i} [hardly slept|asked for earplugs|counted the hours].",
        (
            "we drove round the car park for [forty minutes|an hour] and then paid [more than the "
            "lunch|a fine] for being late."
        ),
        (
            "the signs [contradict each other|stop at the second corner|still name wards that "
            "have moved], so we walked [miles|in circles]."
        ),
    ),
    "clean",
    "environment",
    ("[A calm place|Clean and calm]", "[Lost in the corridors|Noise all night]"),
    (
        (
            "Our [housekeeping|cleaning] supervisor walked through {ward} with your words in hand "
            "and has [added an afternoon round|changed the rota|replaced the broken dispensers]."
        ),
        (
            "The lamps over the [bays|desk] are now dimmed at [ten|half past ten], and "
            "[soft-closing bins|quieter trolleys] are on order."
        ),
        (
            "You are right about the signs; new ones for the [east|north] corridor go up [in a "
            "fortnight|before Christmas|next month]."
        ),
    ),
)

EVERYWHERE = (STAFF, TALK, WAIT, FAMILY, PLACE)
