// A second click at once was meant for what stood there at the first, not for what has taken its place since: the next
// lesson's button, or a picture that nobody has seen. And what has begun is not begun again.
const AT_ONCE_MS = 300, SPOT_PX = 10;
const OFTEN = '[data-testid="stNumberInput"]';  // a number goes up and down in steps
let counted;

// Whether a click came too soon after one at the same place to be a click of its own. Both have timeStamp and a place.
function isSecond(click, first) {
  return click.timeStamp - first.timeStamp < AT_ONCE_MS
    && Math.hypot(click.clientX - first.clientX, click.clientY - first.clientY) < SPOT_PX;
}

export default function () {
  return listen((event) => {
    const path = event.composedPath();
    if (!event.isTrusted || !path.some((node) => node.matches?.('button')) || path.some((node) => node.matches?.(OFTEN))) return;
    if (counted && isSecond(event, counted)) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else {
      counted = event;
    }
  }, ['click']);
}
