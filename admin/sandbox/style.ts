/** Of the sandbox page. One column that a phone of 360 px holds; wider screens get more beside it. */
export const style = `
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --go: #067a45; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --go: #3ccf8e; --bad: #ff8a80 } button.go { color: #000 !important } }
[hidden] { display: none !important }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: .75rem; max-width: 64rem }
h1 { font-size: 1.25rem; margin: 0 }
h2 { font-size: 1rem; margin: 0 0 .5rem }
section { border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .8rem; margin: .7rem 0 }
header, .row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
header { justify-content: space-between }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .5rem; margin-bottom: .5rem }
label { display: block; min-width: 0 } label span { display: block; font-size: .85em; opacity: .8 }
label.wide { margin-bottom: .5rem }
button, input, select, textarea { font: inherit; padding: .35rem .6rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--soft); color: inherit; max-width: 100% }
label input, label select, label textarea { width: 100% }
option { color: initial }
button { cursor: pointer; min-height: 2.2rem }
button.go { background: var(--go); color: #fff; border-color: var(--go) }
:focus-visible { outline: 2px solid #4a8cf7; outline-offset: 1px }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .7rem .8rem; margin: .6rem 0 }
article.found { outline: 2px solid #4a8cf7 }
article h3 { font-size: 1rem; margin: 0 }
article > .row:first-child { justify-content: space-between }
code { font-size: .85em; overflow-wrap: anywhere }
small, .fact { font-size: .85em } .fact { overflow-wrap: anywhere }
.state { padding: 0 .5rem; border-radius: 1rem; border: 1px solid var(--line) }
.state.succeeded, .state.finished { color: var(--go) } .state.failed, .state.closed { color: var(--bad) }
#said { min-height: 1.5em; margin: .3rem 0; overflow-wrap: anywhere } #said.bad { color: var(--bad) }
img { background: #fff; border-radius: .4rem; width: 9rem; height: 9rem; display: block; margin: .4rem 0 }
summary { cursor: pointer; padding: .2rem 0 }
form.inline { display: inline-flex; gap: .3rem; align-items: end } form.inline input { width: 6.5rem }
ul { margin: .3rem 0; padding-left: 1.1rem }
td code { white-space: nowrap }
table { border-collapse: collapse; width: 100% } td { padding: .25rem .4rem .25rem 0; border-top: 1px solid var(--line) }
`
