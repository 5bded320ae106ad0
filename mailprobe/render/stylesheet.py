"""The one style sheet of every page: light and dark, on paper, without colour alone."""

STYLE = """
:root{color-scheme:light dark;--page:#fff;--text:#1b1f24;--quiet:#59636e;--line:#d1d9e0;
--raised:#f6f8fa;--client:#0550ae;--server:#1a7f37;--open:#8250df;--sample:#0a3069;
--refused:#a40e26;--mark:#ffebe9;--ok:#116329}
@media (prefers-color-scheme:dark){:root{--page:#0d1117;--text:#e6edf3;--quiet:#9198a1;
--line:#3d444d;--raised:#151b23;--client:#79c0ff;--server:#7ee787;--open:#d2a8ff;
--sample:#a5d6ff;--refused:#ff9492;--mark:#3c1618;--ok:#7ee787}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--page);color:var(--text);
font:1rem/1.5 system-ui,sans-serif}
h1,h2,h3,h4{line-height:1.25;margin:1.5em 0 .5em;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin-top:0}h2{font-size:1.25rem}h3,h4{font-size:1.1rem}
p{margin:.5em 0;overflow-wrap:anywhere}
a{color:var(--client)}
:focus-visible{outline:2px solid var(--client);outline-offset:2px}
:target{background:var(--raised);outline:2px solid var(--line)}
summary{cursor:pointer;color:var(--quiet)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
pre,code{font-family:ui-monospace,"Cascadia Mono",Menlo,Consolas,monospace;font-size:.9rem}
pre,.lines code,.line code{white-space:pre-wrap;overflow-wrap:anywhere}
.languages{border:0;margin:0;padding:0;text-align:right}
.languages legend{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.languages label{margin-left:1rem}
.lines{margin:.75em 0;padding:.5rem .5rem .5rem 3.5rem;background:var(--raised);
border:1px solid var(--line);border-radius:6px}
.lines li{padding-left:.5rem;border-left:3px solid transparent}
.lines li::marker{color:var(--quiet);font-size:.8rem}
.lines .client{border-left-color:var(--client)}
.lines .server{border-left-color:var(--server)}
.lines .marked,.lines .client.marked,.lines .server.marked{border-left-color:var(--refused);
background:var(--mark)}
.block{margin:.25rem 0 .25rem .5rem}
.mark{margin:.25rem 0;color:var(--refused)}
.client>code>.client,.says{color:var(--client)}
code .client,code .server{font-weight:600}
code .server{color:var(--server)}
code .code{color:var(--ok)}
code .refused,code .error{color:var(--refused);font-weight:600}
code .error{text-decoration:underline wavy}
code .escape,code .open{color:var(--open)}
code .sample{color:var(--sample);font-style:italic}
code .comment,code .word{color:var(--quiet)}
.timing td{padding:.1rem .6rem;white-space:nowrap}.timing td:last-child{width:60%}
.timing svg{display:block;width:100%;height:.9rem}
.timing rect{fill:var(--server)}.timing .data{fill:var(--client)}
.timing .refused{fill:var(--refused)}.timing .waiting{fill:var(--quiet)}
.passed{color:var(--ok)}.failed{color:var(--refused);font-weight:600}.skipped{color:var(--quiet)}
@media print{:root{--page:#fff;--text:#000;--quiet:#444;--line:#bbb;--raised:#fff;
--client:#0550ae;--server:#116329;--open:#6639ba;--sample:#0a3069;--refused:#a40e26;
--mark:#fff;--ok:#116329}body{max-width:none;padding:0}.languages,summary{display:none}
li,h2,h3{break-inside:avoid}h2,h3{break-after:avoid}}
"""
