// What the scripts of all components share; it stands before each.

// A new element. Its text is never HTML: names are a user's data.
function el(tag, className, text) {
  const node = document.createElement(tag);
  if (tag === 'button') node.type = 'button';
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// A small disc in the colour of a class or a run.
function dot(colour) {
  const disc = el('i', 'dot');
  disc.style.background = colour;
  return disc;
}

// A picture that the browser fetches when it comes into sight.
function thumbnail(address, says) {
  return Object.assign(el('img'), { loading: 'lazy', decoding: 'async', alt: says, src: address });
}
