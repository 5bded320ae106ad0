"""The one style sheet of every page: light and dark, on paper, without colour alone."""

STYLE = """
:root{color-scheme:light dark;--page:light-dark(#fff,#0d1117);--text:light-dark(#1b1f24,#e6edf3);
--quiet:light-dark(#59636e,#9198a1);--line:light-dark(#d1d9e0,#3d444d);
--raised:light-dark(#f6f8fa,#151b23);--client:light-dark(#0550ae,#79c0ff);
--server:light-dark(#116329,#7ee787);--open:light-dark(#6639ba,#d2a8ff);
--sample:light-dark(#0a3069,#a5d6ff);--refused:light-dark(#a40e26,#ff9492);
--mark:light-dark(#ffebe9,#3c1618);--ok:light-dark(#116329,#7ee787)}
@media screen{:root:has(#look-light:checked){color-scheme:light}
:root:has(#look-dark:checked){color-scheme:dark}}
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
pre,code,code span{direction:ltr;unicode-bidi:isolate}
.controls{display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;justify-content:flex-end;
margin-bottom:1rem;font-size:.9rem;color:var(--quiet)}
.controls fieldset{display:flex;flex-wrap:wrap;gap:0 .75rem;border:0;margin:0;padding:0}
.controls legend{float:left;padding:0;margin-right:.75rem}
.controls label{white-space:nowrap}.controls input{accent-color:var(--client)}
.skip{position:absolute;left:1rem;top:-5rem;padding:.5rem;background:var(--page)}
.skip:focus{top:.5rem}
main:focus{outline:none}
.lines{margin:.75em 0;padding:.5rem .5rem .5rem 3.5rem;background:var(--raised);
border:1px solid var(--line);border-radius:6px}
.lines li{padding-left:.5rem;border-left:3px solid transparent}
.lines li::marker{color:var(--quiet);font-size:.8rem}
.lines .client{border-left-color:var(--client)}
.lines .server{border-left-color:var(--server)}
.lines .marked,.lines .client.marked,.lines .server.marked{border-left-color:var(--refused);
background:var(--mark)}
.lines li>details,.lines li>p{font-size:.9rem;line-height:1.45}
.who,.took{float:right;margin-left:1rem;font-size:.8rem;color:var(--quiet);user-select:none}
.took svg{display:inline-block;vertical-align:middle;width:5rem;height:.6rem}
.took rect,.timing rect{fill:var(--server)}
.explained,.wrong{margin:0 0 .4rem .5rem}
.explained dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .75rem;
margin:.25rem 0 .25rem 1.1rem}
.explained dt{color:var(--quiet)}.explained dd{margin:0;overflow-wrap:anywhere}
.hint p{margin:.25rem 0 .5rem 1.1rem}
.text{margin:.6em 0}.text p{margin:0}.text p:empty{height:.6em}
.quiet{color:var(--quiet)}
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
.timing td{padding:.1rem .6rem}.timing td:last-child{width:45%}
.timing td:not(:first-child):not(:last-child){white-space:nowrap}
.timing th{white-space:nowrap}.timing td{overflow-wrap:break-word}
.timing td svg{display:block;width:100%;height:.9rem}
.timing .data{fill:var(--client)}
.timing .refused{fill:var(--refused)}.timing .waiting{fill:var(--quiet)}
.passed{color:var(--ok)}.failed{color:var(--refused);font-weight:600}.skipped{color:var(--quiet)}
@media (max-width:40rem){.lines{padding-left:2.6rem}.block .lines{padding-left:2.2rem}
.explained dl{grid-template-columns:1fr;gap:0}.explained dd{margin-bottom:.35rem}
.timing table{font-size:.8rem}.timing td,.timing th{padding:.1rem .3rem}
.timing td:last-child{width:15%}.took{clear:right}}
@media print{@page{margin:15mm}
:root{color-scheme:light;--quiet:#444;--line:#bbb;--raised:#fff;--mark:#fff}
body{max-width:none;padding:0;font-size:.9rem}.controls{display:none}
details::details-content{display:block;content-visibility:visible;block-size:auto}
summary{list-style:none;cursor:auto}summary::-webkit-details-marker{display:none}
li,p,dl,tr,h2,h3{break-inside:avoid}li:has(.block){break-inside:auto}
h1,h2,h3,summary{break-after:avoid}}
"""
