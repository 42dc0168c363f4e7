// A remote control sends PageUp and PageDown: they show the rest of a long page first, and turn at its end. The arrow
// keys turn at once, where nobody types. What a key has reached keeps its arrows; what a mouse has clicked does not: who
// moved a slider and goes on presses the key for next.
const TURNS = { PageUp: -1, PageDown: 1, ArrowLeft: -1, ArrowRight: 1 };
const OWN_PAGES = 'textarea, dialog, [contenteditable], [role="listbox"], [role="dialog"]';
const TYPED = OWN_PAGES + ', select, input:not([type="radio"], [type="checkbox"], [type="range"],'
  + ' [role="combobox"][aria-expanded="false"])';
const REACHED = 'input[type="range"], canvas, [role="radiogroup"][aria-orientation="horizontal"]';
const KEPT_PX = 140, NEAR_PX = 4; // of a screen stay in sight, two of bars that stand still; a page that is scrolled to within this is at its end
let before, byKey = false;  // whether the Tab key has reached what has the focus

window.addEventListener('pointerdown', () => { byKey = false; }, true);
window.addEventListener('keydown', ({ key }) => { byKey ||= key === 'Tab'; }, true);

export default function ({ data }) {
  const main = document.querySelector('[data-testid="stMain"]');
  if (before !== undefined && before !== data.shown) main?.scrollTo(0, 0);
  before = data.shown;

  return listen((event) => {
    const way = TURNS[event.key], page = event.key.startsWith('Page');
    if (!way || !main || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const own = page ? OWN_PAGES : byKey ? `${TYPED}, ${REACHED}` : TYPED;
    if (event.composedPath().some((node) => node.matches?.(own))) return;
    event.preventDefault();
    event.stopPropagation();
    const left = way < 0 ? main.scrollTop : main.scrollHeight - main.clientHeight - main.scrollTop;
    if (page && left > NEAR_PX) {
      main.scrollBy({ top: way * (main.clientHeight - KEPT_PX), behavior: 'smooth' });
    } else if (!event.repeat) {
      const key = data.buttons[way].replaceAll('.', '-');
      document.querySelector(`.st-key-${key} button:enabled`)?.click();
    }
  });
}
