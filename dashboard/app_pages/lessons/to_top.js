let before;

export default function ({ data }) {
  if (before !== undefined && before !== data.shown) document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0);
  before = data.shown;
}
