// What every component that corrects pictures shares: who does it, and how a correction is written.

const NAME_KEPT = 'sealife.by';
const OUTLIVES_TAB = 30_000;  // characters: a browser refuses more than 64 kB that may outlive a tab

function keptName() {
  try { return localStorage.getItem(NAME_KEPT) || ''; } catch { return ''; }  // a browser may forbid it
}

function keepName(name) {
  try { localStorage.setItem(NAME_KEPT, name); } catch { /* it is typed again the next time */ }
}

// The class that was typed: one there is, whatever its capitals, or else a new one.
function typedClass(typed, names) {
  const name = typed.trim(), same = (one) => one.toLowerCase() === name.toLowerCase();
  return names.includes(name) ? name : names.find(same) ?? name;
}

// Write one correction: {images} or {undo}, and why, by the name in a field. Gives {number, said}, or {error}. A name
// that looks like a known one is that person's: the field then shows it as it is known.
async function sendCorrection(address, change, named) {
  const by = named.value.trim(), body = JSON.stringify({ ...change, by });
  try {
    const answer = await fetch(address, {
      method: 'POST', keepalive: body.length < OUTLIVES_TAB, headers: { 'Content-Type': 'application/json' }, body,
    });
    const done = await answer.json();
    if (done.by && done.by !== by && named.value.trim() === by) keepName(named.value = done.by);
    return done;
  } catch {
    return { error: 'The dashboard does not answer. Nothing was saved. Try again.' };
  }
}
