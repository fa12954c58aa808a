"""Write *stories in summary* as one HTML document that prints on two pages."""

from html import escape

from schemas.summary import Share, Summary
from summaries import charts
from summaries._style import STYLE
from summaries.charts import Series

MEDIA_TYPE = "text/html; charset=utf-8"
EXTENSION = "html"

_NAMED = 8
"""Predecessors that a page names; of more it says how many."""

_CLASSES = ("0-1 days", "2-7", "8-14", "15-30", "31-90", "over 90")


def render(summary: Summary) -> bytes:
    """Write the summary; the same summary always gives the same bytes."""
    name = escape(summary.name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy"'
        """ content="default-src 'none'; style-src 'unsafe-inline'">"""
        f"<title>Stories in summary: {name}</title><style>{STYLE}</style></head><body>"
        f"<main>{_told(summary, name)}{_read(summary, name)}</main></body></html>\n"
    ).encode()


def _told(summary: Summary, name: str) -> str:
    answers = summary.responsiveness
    months = [month for month, _ in summary.by_month]
    counts = [count for _, count in summary.by_month]
    return f"""<section class="page"><header><p class="kicker">Stories in summary</p>
<h1>{name}</h1><p class="as-of">as of {summary.as_of:%-d %B %Y}</p></header>
<dl class="figures">
{_big("stories", f"{summary.stories:,}")}
{_big("have a response", _percent(answers.answered), _of(answers.answered))}
{_big("of the responses are pasted", _percent(answers.stock), _of(answers.stock))}
{_big("days to a first response", _days(answers.median_days), "the median")}
</dl>
<h2>When they were told</h2>
{charts.columns("Stories by month", months, [Series("stories", "a", counts)], 190)}
<div class="two"><div><h2>What they speak of</h2>{_tags(summary)}</div>
<div><h2>How long a response took</h2>
{charts.bars("First responses by days", list(zip(_CLASSES, answers.days_to_respond, strict=True)))}
{_rates(summary)}</div></div>{_stock(summary)}{_predecessors(summary)}</section>"""


def _read(summary: Summary, name: str) -> str:
    total = summary.reads_own + summary.reads_partners
    months = [m.month for m in summary.reads_by_month]
    own = Series("on the channel's own site", "a", [m.own for m in summary.reads_by_month])
    partners = Series("at partners", "b", [m.partners for m in summary.reads_by_month])
    return f"""<section class="page"><header><p class="kicker">Stories in summary, page 2</p>
<h2 class="title">How often they were read</h2><p class="as-of">{name}</p></header>
<dl class="figures">
{_big("reads in all", f"{total:,}")}
{_big("on the channel's own site", f"{summary.reads_own:,}")}
{_big("at partners", f"{summary.reads_partners:,}", "that nobody had counted")}
{
        _big(
            "pasted responses, by reads",
            _percent(summary.responsiveness.stock_reads),
            "of all times a response was read",
        )
    }
</dl>
<h2>Reads by month</h2>
{charts.columns("Reads by month", months, [own, partners])}
<h2>Who counted, and how much of the time</h2>{_platforms(summary)}
<h2>The most read</h2>{_most_read(summary)}
<p class="note">A feed fetch is not a read; robots are out, and a double-click counts once.
Where two counters watch the same reads, the counter of record counts and the other is only
compared. A month that nobody reported is missing, not zero. Populations overlap: their totals do
not add up.{_suspense(summary)}</p></section>"""


def _big(label: str, figure: str, note: str = "") -> str:
    small = f"<small>{escape(note)}</small>" if note else ""
    return f"<div><dt>{escape(label)}</dt><dd>{escape(figure)}{small}</dd></div>"


def _percent(share: Share) -> str:
    return "–" if share.percent is None else f"{share.percent:.0f} %"  # noqa: RUF001


def _of(share: Share) -> str:
    return f"{share.part:,} of {share.whole:,}"


def _days(days: float | None) -> str:
    return "–" if days is None else f"{days:.1f}"  # noqa: RUF001


def _rates(summary: Summary) -> str:
    answers = summary.responsiveness
    rows = (
        ("within 30 days of publication", answers.within_30_days),
        ("of those told in the last 30 days", answers.cohort_answered),
    )
    return (
        "<table><tbody>"
        + "".join(
            f"<tr><th scope=row>{label}</th><td>{_percent(share)}</td><td>{_of(share)}</td></tr>"
            for label, share in rows
        )
        + "</tbody></table>"
    )


def _tags(summary: Summary) -> str:
    rows = [(t.name + (f" ({t.group})" if t.group else ""), t.count) for t in summary.tags[:10]]
    if not rows:
        return "<p>No tags.</p>"
    return charts.bars("Tags", rows)


def _stock(summary: Summary) -> str:
    if not summary.responsiveness.groups:
        return ""
    rows = "".join(
        f"<tr><td>{g.responses:,}</td><td>{escape(_cut(g.example))}</td></tr>"
        for g in summary.responsiveness.groups[:3]
    )
    return (
        '<h2>The scripts pasted most</h2><table class="told"><thead><tr><th scope=col>times</th>'
        f"<th scope=col>how it reads</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _predecessors(summary: Summary) -> str:
    names = summary.predecessors
    if not names:
        return ""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return (
        '<p class="note">What was told of its predecessors is not counted here: '
        f"{escape('; '.join(names[:_NAMED]))}{more}.</p>"
    )


def _platforms(summary: Summary) -> str:
    rows = "".join(
        f"<tr><th scope=row>{escape(p.name)}</th><td>{'own site' if p.is_own else 'partner'}</td>"
        f"<td class=n>{p.reads:,}</td><td>{escape(', '.join(p.methods))}</td>"
        f"<td class=n>{p.months_reported} of {p.months_due} months</td>"
        f"<td class=n>{_shadow(p.shadow)}</td></tr>"
        for p in summary.platforms
    )
    return (
        '<div class="wide" role="region" aria-label="Who counted" tabindex="0">'
        "<table><thead><tr><th scope=col>where</th><th scope=col>whose</th>"
        "<th scope=col class=n>reads</th><th scope=col>counted by</th>"
        "<th scope=col class=n>reported</th><th scope=col class=n>other counters saw</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _shadow(shadow: dict[str, int]) -> str:
    return ", ".join(f"{escape(m)} {n:,}" for m, n in sorted(shadow.items())) or "–"  # noqa: RUF001


def _most_read(summary: Summary) -> str:
    rows = "".join(
        f"<tr><td>{escape(title)}</td><td class=n>{reads:,}</td></tr>"
        for title, reads in summary.most_read
    )
    return f'<table class="told"><tbody>{rows}</tbody></table>' if rows else "<p>No reads yet.</p>"


def _suspense(summary: Summary) -> str:
    if not summary.suspense:
        return ""
    return f" {summary.suspense:,} reads name stories that are not known here; they are kept aside."


def _cut(text: str, most: int = 220) -> str:
    if len(text) <= most:
        return text
    # Not every script puts blanks between words.
    whole = text[:most].rpartition(" ")[0]
    return (whole if len(whole) > most // 2 else text[:most]) + " …"
