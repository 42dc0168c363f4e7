function told(node) {
  const image = node.matches('img') ? node : node.querySelector('img');
  return { large: image.src, alt: image.alt, facts: [], ...JSON.parse(node.dataset.opens) };
}

export default function ({ parentElement, setTriggerValue }) {
  const host = parentElement.querySelector('i');
  host.dataset.listens = 'true';  // a click before this is nobody's
  return listen((event) => {
    const node = event.composedPath().find((one) => one.dataset?.opens);
    const key = event.type === 'keydown';
    if (!node || (key && (!['Enter', ' '].includes(event.key) || event.composedPath()[0] !== node))) return;
    event.preventDefault();
    event.stopPropagation();
    // Those of its kind can be stepped through: the pictures of a data set, or what a network sees of them.
    const { correcting } = told(node);
    const alike = [...node.getRootNode().querySelectorAll('[data-opens]')].filter(
      (one) => told(one).correcting?.about === correcting?.about,
    );
    const corrected = (number) => setTriggerValue('corrected', number);
    openLarge(host, alike.map(told), alike.indexOf(node), correcting, corrected);
  }, ['click', 'keydown']);
}
