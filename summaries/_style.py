"""How the pages look: one sheet, no outside font, fit for paper."""

STYLE = """
:root{--ink:#1c2733;--soft:#52606d;--line:#d9e0e6;--a:#1f6f8b;--b:#d9822b;--ground:#fbfaf7}
*{box-sizing:border-box}
body{margin:0;background:#eceae4;color:var(--ink);font:15px/1.5 system-ui,"Segoe UI",sans-serif;
overflow-wrap:break-word}
main{max-width:60rem;margin:0 auto;padding:1rem}
.page{background:var(--ground);padding:2.2rem 2.6rem;margin:1rem 0;border-radius:6px;
box-shadow:0 1px 4px #0002}
.kicker{margin:0;color:var(--a);font-weight:600;letter-spacing:.06em;text-transform:uppercase;
font-size:.8rem}
h2{font-size:1.05rem;margin:1.6rem 0 .5rem}
h1,.title{margin:.1rem 0;font-size:1.9rem;line-height:1.2}
.as-of{margin:0 0 1.2rem;color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:1rem;margin:0}
.figures div{border-top:3px solid var(--a);padding-top:.5rem}
.figures dt{color:var(--soft);font-size:.85rem;order:2}
.figures dd{margin:0;font-size:1.75rem;font-weight:650;font-variant-numeric:tabular-nums}
.figures small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.two{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:2rem}
@media(max-width:50rem){.two{grid-template-columns:minmax(0,1fr)}.page{padding:1.2rem}}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.35rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
.wide{overflow-x:auto}.told td{overflow-wrap:anywhere}.told .n{white-space:nowrap}
th{font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}
.chart{width:100%;height:auto;display:block}
.chart .a{fill:var(--a)}.chart .b{fill:var(--b)}
.chart .grid{stroke:var(--line)}
.chart text{font:12px system-ui,"Segoe UI",sans-serif;fill:var(--soft)}
.chart .figure{fill:var(--ink)}.chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
.two .chart text{font-size:19px}
.two td{white-space:nowrap}
.note{color:var(--soft);font-size:.85rem;margin-top:1.6rem}
@media print{body{background:#fff}main{padding:0;max-width:none}
.page{box-shadow:none;margin:0;padding:0;break-after:page}.wide{overflow:visible}}
"""
