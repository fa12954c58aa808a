"""What people tell of one kind of care: hospital, mental health, community, ambulance, practice."""

from demo.world.phrases import Topic

NIGHTS = Topic(
    "recovery",
    (
        (
            "the [operation|procedure|small surgery] itself was [over before {i} knew "
            "it|painless|far less frightening than {i} had feared]."
        ),
        (
            "[a physiotherapist|an occupational therapist] had {me} [on two feet|walking to the "
            "window|climbing stairs] by the [next morning|second day]."
        ),
        "pain relief came [before {i} had to ask|on time|within minutes], by day and by night.",
        (
            "going home was [planned|calm|well prepared]: the [tablets|letter|transport] was "
            "ready and a [nurse|friendly voice] rang [two days later|after the weekend]."
        ),
    ),
    (
        (
            "{i} was [moved|wheeled] to another ward at [two|three] in the morning, with [no "
            "reason|one bag missing|the light in {my} eyes]."
        ),
        (
            "the pain relief was [late|forgotten|written up wrongly] [twice|every evening|over "
            "the weekend], and {i} lay there [in tears|counting tiles|biting the sheet]."
        ),
        (
            "{i} was sent home [without the tablets|in a gown|before anyone had spoken to us] and "
            "was back in [A&E|an ambulance|the same bed] [two days|a night|a week] later."
        ),
        (
            "[meals|drinks] were put [out of reach|down cold|on the wrong table] and taken away "
            "[untouched|again] without a question."
        ),
    ),
    "good recovery",
    "discharge",
    ("[A good recovery|Back on my feet]", "[Sent home too soon|Moved in the night]"),
    (
        (
            "Nobody should be moved at that hour for want of a bed, and the [site team|night "
            "manager|matron] now [needs a second signature|keeps a log|must ring the family] "
            "before it may happen."
        ),
        (
            "The [pharmacy|take-home tablets] delay has a plain cause, which is that "
            "prescriptions were [written after the round|sent in one batch|waiting for one "
            "printer], and we have changed it."
        ),
        (
            "I have asked for the chart of that weekend, and [the pharmacist|a senior nurse|the "
            "pain team] will go through every [gap|dose] in it."
        ),
    ),
    (
        (
            "Our [physiotherapists|theatre team|ward clerk] [laughed|beamed|blushed] when I read "
            "this out, and asked me to wish you [a steady recovery|many long walks|well with the "
            "stairs]."
        ),
    ),
)

EMERGENCY = Topic(
    "emergency",
    (
        (
            "in A&E a [triage nurse|young doctor|healthcare assistant] [spotted at once|took "
            "seriously] what {i} could [hardly|not quite] put into words."
        ),
        (
            "the [scan|X-ray|blood test] was done [the same hour|before we had finished the "
            "form], and somebody [stayed|held {my} hand|told a terrible joke] all the way "
            "through."
        ),
    ),
    (
        (
            "in A&E {i} was [left on a trolley|parked in a corridor|told to wait outside] for "
            "[nine|six|eleven] hours, next to [the drinks machine|a broken door|people who were "
            "shouting]."
        ),
        (
            "the doctor in A&E [did not examine|barely looked at|never touched] {my} "
            "[leg|stomach|shoulder] and called it [a strain|nerves|nothing]."
        ),
    ),
    "taken seriously",
    "corridor care",
    ("[A&E at its best|They spotted it at once]", "[A night on a trolley|Parked in a corridor]"),
    (
        (
            "A night on a trolley is [not what we want to give anybody|a failure of the whole "
            "hospital and not of one nurse], and the [chief nurse|board] has [read|discussed] "
            "your account in full."
        ),
        (
            "The doctor you saw has [looked at the films again with a senior colleague|asked to "
            "apologise in person], and I would like to [arrange that|hear whether you want it]."
        ),
    ),
)

CRISIS = Topic(
    "crisis",
    (
        (
            "the crisis line [answered on the second ring|did not hurry {me}|stayed with us till "
            "it was light], and the [man|woman] at the other end [did not sound as if reading "
            "from a card|remembered what {i} had said before]."
        ),
        (
            "when everything fell apart a nurse came [to the house|the same evening|twice that "
            "week] and [simply listened|made a plan with us|rang again at bedtime]."
        ),
    ),
    (
        (
            "the crisis line [rang out|put {me} on hold for forty minutes|told {me} to have a "
            "bath], on the one night when {i} [needed it|could not cope|was not safe]."
        ),
        (
            "we were sent to [A&E|the police|another team] and back again, [three times|all "
            "evening], because {i} was [too ill for one team|not ill enough for the other]."
        ),
    ),
    "help in a crisis",
    "crisis line",
    (
        "[Somebody answered at night|They kept me safe]",
        "[Nobody answered|Passed from team to team]",
    ),
    (
        (
            "I listened to the recording of that night, with [your|the caller's] permission on "
            "file, and [I would have felt let down too|the advice was not good enough|you "
            "deserved better]."
        ),
        (
            "From this month the line is answered by [two|three] people after [ten|midnight], one "
            "of whom has [used the service herself|been a patient here]."
        ),
    ),
    (
        (
            "It takes courage to ring at such an hour, and [I have thanked the colleague who "
            "answered|the colleague who answered remembers you and sends her best]."
        ),
    ),
)

THERAPY = Topic(
    "therapy",
    (
        (
            "{my} [therapist|psychologist|support worker] [never judged|went at {my} pace|noticed "
            "small steps], and after [eight|twelve|twenty] sessions {i} [went back to work|slept "
            "through|could take the bus again]."
        ),
        (
            "the group on [Tuesdays|Thursday mornings] was [awkward at first|not what {i} "
            "expected], and then became [the one fixed point of the week|a place to laugh|a "
            "lifeline]."
        ),
        "{my} care plan was written [together with {me}|in {my} own words|at the kitchen table].",
    ),
    (
        (
            "{i} had [four|five|six] different [care coordinators|doctors|key workers] in [one "
            "year|ten months], and with each of them {i} began [at the beginning|with the worst "
            "part] again."
        ),
        (
            "the therapy [stopped|ended] after [six|eight] sessions, just when {i} had begun to "
            "[trust|open up|feel better], and the letter called it [complete|a success]."
        ),
        (
            "{my} tablets were changed [without a word|by someone who had never met {me}|in a "
            "two-minute review], and the [shaking|fog|sleepless nights] that followed were "
            "[called anxiety|nobody's concern]."
        ),
    ),
    "being listened to",
    "continuity of care",
    ("[Someone listened|A step at a time]", "[A new face every month|Stopped halfway]"),
    (
        (
            "[Four|Six] workers in a year is no way to build trust, and [Monday's|last week's] "
            "team meeting agreed that nobody at {place} will be handed over without [a joint "
            "visit|meeting the new person first]."
        ),
        (
            "The end of a course of therapy ought to be [talked through|planned from the "
            "middle|your decision too], and I have asked the [lead psychologist|service manager] "
            "to look at how [yours|this one] was closed."
        ),
        (
            "Our pharmacist would gladly [sit down with you|go through the side effects|ring you] "
            "to talk about the tablets, at [your home|the clinic|a time that suits]."
        ),
    ),
    (
        (
            "What you say about the group has been [read out in it|passed round], and [it got a "
            "round of applause|somebody said it was their story too]."
        ),
    ),
)

REFUGE = Topic(
    "ward life",
    (
        (
            "there was always something to do: [baking|the allotment|drumming|a walk to the "
            "river], and nobody [forced|hurried] {me} into it."
        ),
        (
            "the staff [sat down to eat with us|knew when to talk and when to be quiet|explained "
            "every rule], which made the locked door [easier to bear|less frightening]."
        ),
    ),
    (
        (
            "days on the ward were [endless|empty]: [television|the smoking yard|the corridor], "
            "and a talk with a nurse only if {i} [asked three times|made a fuss]."
        ),
        (
            "{my} leave was cancelled [four times|at the last minute|every weekend] because there "
            "was [nobody to go along|one nurse for all of us]."
        ),
    ),
    "activities",
    "nothing to do",
    ("[A refuge|Baking my way back]", "[Long empty days|Leave cancelled again]"),
    (
        (
            "Cancelled leave is [the complaint I hear most|never a small thing], and we now "
            "publish on the ward door how often it [happens|is kept], starting with [an honest, "
            "poor figure|last month]."
        ),
        (
            "An activity worker starts on [evenings|Saturdays and Sundays] in [two weeks|the new "
            "year], chosen by a panel of [patients|people who stayed here]."
        ),
    ),
)

VISITS = Topic(
    "home visits",
    (
        (
            "the district nurses came [every morning|in snow and ice|on Christmas Day], always "
            "with [a joke|clean hands|time for a word], and the wound [healed|closed] in "
            "[five|six] weeks."
        ),
        "the [chair|frame|bed] was [delivered the next day|set up and explained|exactly right].",
        (
            "the physiotherapist watched how {i} really [made tea|got out of the bath|used the "
            "stairs] and [changed three small things|moved one rail], and that was enough."
        ),
    ),
    (
        (
            "a visit was promised between [eight and six|morning and night], so {i} sat in [every "
            "Tuesday|all week], and [twice nobody came|they came when {i} had given up]."
        ),
        (
            "each nurse [dressed the wound differently|asked where things were|had a different "
            "bag], and [none|few] had [read the folder|been told]."
        ),
        (
            "we waited [nine weeks|two months] for a [ramp|hoist|wheelchair] that was then [too "
            "wide for the door|the wrong one]."
        ),
    ),
    "care at home",
    "missed visits",
    ("[Cared for in my own kitchen|Nurses who come in snow]", "[Waiting in all day|Nobody came]"),
    (
        (
            "Half a day is too wide a promise, and from [spring|next month] the nurses will [text "
            "before they set off|give a two-hour slot]."
        ),
        (
            "The wrong [chair|ramp|hoist] is being [collected on Friday|exchanged], and someone "
            "will [measure the door first|stay until it works]."
        ),
    ),
)

ROAD = Topic(
    "ambulance",
    (
        (
            "the crew was there in [six|eight|nine] minutes and took [charge|the fear out of it] "
            "with [a few calm words|steady hands|a joke about the cat]."
        ),
        (
            "the call taker [kept us breathing|counted with me|never once hung up] until the "
            "lights came [round the corner|up the drive]."
        ),
    ),
    (
        (
            "it took [fifty minutes|an hour and a half] until the ambulance came, and in all that "
            "time we were [told to ring back if anything changed|asked the same nine questions]."
        ),
        (
            "patient transport [forgot {me}|came two hours early|took four others home first], so "
            "{i} [missed the clinic|got home after dark]."
        ),
    ),
    "calm crew",
    "ambulance delay",
    ("[Eight minutes and a joke|A calm crew]", "[Ninety minutes on the floor|Left behind]"),
    (
        (
            "I have listened to the call and followed the vehicles on the map of that "
            "[evening|night], and [two|three] of them stood [in a queue outside a hospital|the "
            "other side of the moor]."
        ),
        (
            "Transport bookings are now [confirmed by text the day before|checked at noon], "
            "because what happened to you happened to [others|too many]."
        ),
    ),
    (
        (
            "The crew that came to you is [Blue Watch from Fellside|stationed at Harbour Road], "
            "and your words [hang in their mess room|were read over the radio, more or less]."
        ),
    ),
)

SURGERY = Topic(
    "appointments",
    (
        (
            "the receptionist [found a slot|squeezed {me} in|rang back] [that same "
            "afternoon|before noon], and the doctor [looked up from the screen|took as long as it "
            "took]."
        ),
        (
            "repeat prescriptions are ready [every time|in a day], and someone [noticed that two "
            "of them did not go together|rings when one runs out]."
        ),
    ),
    (
        (
            "at eight the line is engaged, at [ten past|half past] eight everything is gone, and "
            "{i} was told to [try tomorrow|ring at eight]."
        ),
        (
            "the receptionist asked {me} what was wrong [in front of the whole room|across the "
            "desk|twice], and then said it was [not urgent|not for today]."
        ),
    ),
    "easy to get an appointment",
    "getting an appointment",
    ("[A surgery that rings back|Squeezed in the same day]", "[Engaged at eight|Try tomorrow]"),
    (
        (
            "The eight o'clock scramble [helps nobody|is our worst habit], and a third of the "
            "day's appointments can now be booked [from noon|the evening before|on paper at the "
            "desk]."
        ),
        (
            "There is a [small room|quiet end of the desk] for what should not be said aloud, and "
            "you should have been [offered it|shown it]."
        ),
    ),
)

BY_TYPE = {
    "acute": (NIGHTS, EMERGENCY),
    "mental_health": (CRISIS, THERAPY, REFUGE),
    "community": (VISITS,),
    "ambulance": (ROAD,),
    "practice": (SURGERY,),
}
"""What is told of one kind of care only."""

WARDS = {
    "acute": (
        "Ward 4",
        "Ward 12",
        "Ward 21",
        "the day surgery unit",
        "the Rowan ward",
        ("the stroke unit"),
        "the children's ward",
        "the maternity unit",
        "the fracture clinic",
    ),
    "mental_health": (
        "the Aspen ward",
        "the Hawthorn ward",
        "the crisis team",
        "the day unit",
        "the early help team",
        "the memory clinic",
    ),
    "community": ("the leg clinic", "the rehabilitation team", "the walk-in centre"),
    "ambulance": ("the ambulance", "the patient transport run", "the night crew"),
    "practice": ("the surgery", "the nurse-led clinic", "the front desk"),
}
"""Where within the organisation."""
