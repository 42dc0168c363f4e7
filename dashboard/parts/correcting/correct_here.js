export default function ({ data, parentElement, setTriggerValue }) {
  const here = parentElement.querySelector('.here');
  if (here.dataset.picture !== data.picture.id) {  // another one: what was said and can be undone was of the one before
    here.dataset.picture = data.picture.id;
    here.known = new KnownPicture(data.correcting, (number) => setTriggerValue('corrected', number));
    here.known.picture = data.picture;
    here.known.near.hidden = true;  // the page shows the nearest training pictures
    here.replaceChildren(...here.known.parts);
    here.onkeydown = (event) => { if (meansOther(event)) event.stopPropagation(); };  // arrows move within the text
    here.known.about(data.picture);
  }
  return listen((event) => {
    const path = event.composedPath();
    if (event.repeat || meansOther(event) || path.some((node) => node.matches?.('dialog, [role="dialog"], [role="listbox"]'))) return;
    if (here.known.keyed(event)) event.stopPropagation();
  });
}
