import { script } from './sandbox/script.ts'
import { style } from './sandbox/style.ts'
import { words } from './sandbox/words.ts'

/**
 * The sandbox page: one static document that knows the JSON beside it and nothing else. Text from
 * orders goes into the page as text, never as markup.
 */
export const page = `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tongbao 通宝 · sandbox</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header>
  <h1>通宝 Tongbao <small data-say="sandbox"></small></h1>
  <button type="button" id="language"></button>
</header>
<p data-say="intro"></p>
<p id="said" role="status"></p>

<section aria-labelledby="time-title" class="time">
  <h2 id="time-title" data-say="time"></h2>
  <div class="row">
    <output id="clock"></output>
    <button type="button" data-advance="60000" data-say="minute"></button>
    <button type="button" data-advance="3600000" data-say="hour"></button>
    <button type="button" data-advance="86400000" data-say="day"></button>
  </div>
</section>

<section aria-labelledby="order-title">
  <h2 id="order-title" data-say="newOrder"></h2>
  <form id="order">
    <div class="fields">
      <label><span data-say="way"></span><select name="way"></select></label>
      <label><span data-say="fen"></span><input name="amount" type="number" min="1" value="100" required></label>
      <label data-for="kinds"><span data-say="handed"></span><select name="payDataType"></select></label>
      <label data-for="code"><span data-say="code"></span><select name="code"></select></label>
      <label><span data-say="app"></span><select name="app"></select></label>
      <label><span data-say="split"></span><select name="divisionMode">
        <option value="0" data-say="splitNone"></option>
        <option value="1" data-say="splitAutomatic"></option>
        <option value="2" data-say="splitManual"></option>
      </select></label>
    </div>
    <div class="fields" id="payer"></div>
    <button class="go" data-say="create"></button>
  </form>
  <details id="codes"><summary data-say="codes"></summary><div></div></details>
</section>

<section aria-labelledby="transfer-title">
  <h2 id="transfer-title" data-say="newTransfer"></h2>
  <form id="transfer">
    <div class="fields">
      <label><span data-say="entry"></span><select name="entry"></select></label>
      <label><span data-say="fen"></span><input name="amount" type="number" min="1" value="100" required></label>
      <label><span data-say="payee"></span><input name="accountNo" autocomplete="off"></label>
    </div>
    <button class="go" data-say="send"></button>
  </form>
</section>

<section aria-labelledby="open-title">
  <h2 id="open-title" data-say="open"></h2>
  <form id="open">
    <label class="wide"><span data-say="openWhat"></span><textarea name="handed" rows="2" required></textarea></label>
    <div class="row"><button data-say="openIt"></button><span id="identities" class="row"></span></div>
  </form>
</section>

<section aria-labelledby="fault-title">
  <h2 id="fault-title" data-say="channel"></h2>
  <form id="fault">
    <div class="fields">
      <label><span data-say="which"></span><select name="channel"></select></label>
      <label><span data-say="on"></span><select name="on"></select></label>
      <label><span data-say="fault"></span><select name="fault"></select></label>
      <label><span data-say="times"></span><input name="times" type="number" min="1" value="1" required></label>
    </div>
    <div class="row"><button data-say="misbehave"></button><button type="button" id="behave" data-say="behave"></button></div>
  </form>
</section>

<main>
  <h2 data-say="orders"></h2>
  <div id="orders"></div>
  <h2 data-say="transfers"></h2>
  <div id="transfers"></div>
</main>
<script type="module">const WORDS = ${JSON.stringify(words)}
${script}</script>
</body>
</html>
`
