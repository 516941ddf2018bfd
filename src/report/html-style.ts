/**
 * The style of the page. It stands in a `style` element, whose text has no escapes: no quotes,
 * ampersands or angle brackets here.
 */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b2430; --quiet: #55606e; --line: #d5dbe3; --box: #f4f6f9;
  --good: #17683a; --change: #7a4a00; --bad: #a81522; --undone: #7a2390; --rest: #4b5666;
  --know: #1f5fa8; --plus: #e2f5e7; --minus: #fde8e8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181f; --ink: #e4e9f0; --quiet: #a3adba; --line: #343c48; --box: #1d232c;
    --good: #6fd08c; --change: #f0b860; --bad: #ff8f8f; --undone: #dc9cf0; --rest: #b0bac7;
    --know: #82b8f5; --plus: #17321f; --minus: #3d1d20;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 3.5rem; }
body {
  margin: 0 auto; max-width: 90rem; padding: 1.5rem clamp(0.8rem, 3vw, 2.5rem);
  background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 0.8rem; }
h2 { font-size: 1.3rem; margin: 2.2rem 0 0.7rem; }
h3 { font-size: 1.02rem; margin: 1.3rem 0 0.4rem; }
summary h3 { display: inline; margin: 0; }
a { color: var(--know); }
ul { padding-left: 1.2rem; }
small { color: var(--quiet); font-weight: normal; }
.quiet, .hint { color: var(--quiet); }
.hint { margin: 0.3rem 0 0; }
.note { border-left: 0.25rem solid var(--change); padding-left: 0.7rem; margin: 0.5rem 0; }
.counts, .blocks, .guests, nav ul { list-style: none; padding: 0; margin: 0; }
.counts { display: flex; flex-wrap: wrap; gap: 0.6rem; margin: 1rem 0; }
.counts li {
  border: 1px solid var(--line); border-left: 0.35rem solid currentColor; border-radius: 0.4rem;
  padding: 0.35rem 0.8rem; background: var(--box);
}
.counts strong { font-size: 1.35rem; font-variant-numeric: tabular-nums; }
dl { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin: 0; }
dt { color: var(--quiet); font-size: 0.85rem; }
dd { margin: 0; }
nav {
  position: sticky; top: 0; z-index: 1; background: var(--page); margin-top: 1.2rem;
  padding: 0.55rem 0; border-bottom: 1px solid var(--line);
}
nav ul { display: flex; gap: 0.2rem 1.2rem; overflow-x: auto; white-space: nowrap; }
.blocks li { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
.blocks li:last-child { border-bottom: 0; }
.badge, .sign { font-weight: 600; white-space: nowrap; }
.sign { display: inline-block; width: 1.1em; text-align: center; }
.s-ok { color: var(--good); }
.s-changed { color: var(--change); }
.s-failed, .s-unreachable, .s-needs_human { color: var(--bad); }
.s-rolled_back, .s-busy { color: var(--undone); }
.s-skipped, .s-none { color: var(--rest); }
.s-unknown { color: var(--know); }
details.names { display: inline-block; vertical-align: top; max-width: 100%; }
details.names p { margin: 0.3rem 0; font-weight: normal; max-width: 70ch; }
summary { cursor: pointer; }
section details:not(.names) { margin: 0.4rem 0; }
.scroll { margin: 0.4rem 0; overflow-x: auto; max-width: 100%; border: 1px solid var(--line); border-radius: 0.4rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: 0.45rem 0.7rem; border-bottom: 1px solid var(--line); }
tbody tr:last-child th, tbody tr:last-child td { border-bottom: 0; }
thead th { background: var(--box); min-width: 5rem; max-width: 11rem; }
th small { display: block; }
tbody th { font-weight: 600; min-width: 10rem; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide { width: 60%; min-width: 8rem; }
.mono, pre { font-family: ui-monospace, monospace; font-size: 0.86rem; }
td.mono { min-width: 8rem; max-width: 20rem; }
td.text { min-width: 15rem; }
pre { margin: 0.5rem 0; padding: 0.7rem; border: 1px solid var(--line); border-radius: 0.4rem; background: var(--box); line-height: 1.4; }
pre.said { white-space: pre-wrap; }
pre.lines { overflow-x: auto; overflow-wrap: normal; }
ins, del { text-decoration: none; }
.plus { background: var(--plus); color: var(--good); }
.minus { background: var(--minus); color: var(--bad); }
.file { font-weight: 600; }
.hunk { color: var(--know); }
.bar { display: block; width: 100%; height: 0.6rem; margin-top: 0.45rem; fill: var(--know); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 0.7rem; align-items: start; }
.card { border: 1px solid var(--line); border-radius: 0.4rem; background: var(--box); padding: 0.5rem 0.8rem; margin: 0; }
.guests { margin: 0.4rem 0 0; border-left: 2px solid var(--line); padding-left: 0.6rem; }
.guests li { padding: 0.1rem 0; }
footer { margin-top: 2.5rem; color: var(--quiet); font-size: 0.85rem; }
:focus-visible { outline: 2px solid var(--know); outline-offset: 2px; }
@media (max-width: 40rem) {
  nav { position: static; }
  nav ul { flex-wrap: wrap; }
  th, td { padding: 0.4rem 0.5rem; }
  .wide { min-width: 5rem; }
  tbody th { min-width: 8rem; }
  td.text { min-width: 12rem; }
}
@media print {
  :root { --page: #ffffff; --ink: #000000; --quiet: #444444; --box: #ffffff; }
  body { max-width: none; padding: 0; font-size: 0.85rem; }
  nav { display: none; }
  .scroll, pre.lines { overflow: visible; }
  pre.lines { white-space: pre-wrap; }
  h2, h3, summary { break-after: avoid; }
  tr, .card, .blocks li { break-inside: avoid; }
  details:not(.names)::details-content { content-visibility: visible; display: block; }
  details.names { display: inline; }
  details.names p { display: none; }
  summary { list-style: none; }
  thead { display: table-header-group; }
  .cards { display: block; }
  .card { margin: 0.5rem 0; }
}
`;
