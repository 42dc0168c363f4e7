// A remote control sends PageUp and PageDown: they show the rest of a long page first, and turn at its end. The arrow
// keys turn at once, where nothing that has the focus wants them.
const TURNS = { PageUp: -1, PageDown: 1, ArrowLeft: -1, ArrowRight: 1 };
const OWN_ARROWS = 'input:not([type="radio"]):not([type="checkbox"]), textarea, select, canvas, dialog,'
  + ' [contenteditable], [role="radiogroup"][aria-orientation="horizontal"], [role="listbox"], [role="dialog"]';
const OWN_PAGES = 'textarea, dialog, [contenteditable], [role="listbox"], [role="dialog"]';
const KEPT_PX = 140, NEAR_PX = 4; // of a screen stay in sight, two of bars that stand still; a page that is scrolled to within this is at its end
let before;

export default function ({ data }) {
  const main = document.querySelector('[data-testid="stMain"]');
  if (before !== undefined && before !== data.shown) main?.scrollTo(0, 0);
  before = data.shown;

  return listen((event) => {
    const way = TURNS[event.key], page = event.key.startsWith('Page');
    if (!way || !main || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.composedPath().some((node) => node.matches?.(page ? OWN_PAGES : OWN_ARROWS))) return;
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
