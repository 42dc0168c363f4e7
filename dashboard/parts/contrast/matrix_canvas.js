// Draws a matrix of cosines with the views along its edges. Where cells are small the views stand in two or three lanes.
const GUTTER = 4, NUMBERS_FROM = 30; // px
const LARGEST_CELL = 3.5, WIDEST = 33.75; // rem, which is larger on a projector
const WARM = '#D9531E';

function parts(hex) { return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)); }

// Relative luminance of [red, green, blue], 0 to 1 (WCAG 2).
function luminance(colour) {
  const [r, g, b] = colour.map((value) => value / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Of letters in these colours (#rrggbb) those that stand out most from the ground [red, green, blue].
function mostLegible(inks, ground) {
  const behind = luminance(ground) + 0.05;
  const contrast = (ink) => { const of = (luminance(parts(ink)) + 0.05) / behind; return Math.max(of, 1 / of); };
  return inks.reduce((best, ink) => (contrast(ink) > contrast(best) ? ink : best));
}

class MatrixCanvas {
  constructor(canvas, holder) {
    [this.canvas, this.holder, this.base] = [canvas, holder, el('canvas')];
    this.dpr = window.devicePixelRatio || 1;
  }

  place(view) { return this.edge + view * this.cell + (view >= this.n / 2 ? GUTTER : 0); }

  // The matrix itself. colourOf: of a view's class; labels: of each picture; marked: whether false negatives are shown.
  paint(rows, bounds, images, colourOf, labels, marked) {
    this.n = rows.length;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const room = Math.min(WIDEST * rem, this.holder.clientWidth) - GUTTER - 6, fits = (lanes) => room / (this.n + lanes * lanes);
    this.lanes = fits(1) >= NUMBERS_FROM ? 1 : fits(2) >= 12 ? 2 : 3;
    this.cell = Math.max(2, Math.min(LARGEST_CELL * rem, Math.floor(fits(this.lanes))));
    this.side = this.lanes * this.cell;
    this.edge = this.lanes * this.side + 4;
    const wide = this.place(this.n) + 2;
    for (const canvas of [this.base, this.canvas]) canvas.width = canvas.height = Math.round(wide * this.dpr);
    Object.assign(this.canvas.style, { width: `${wide}px`, height: `${wide}px` });
    const pen = this.pen(this.base);
    this.colours(pen);
    rows.forEach((row, i) => row.forEach((cosine, j) => this.fill(pen, i, j, cosine, bounds)));
    for (let i = 0; i < this.n; i++) {
      for (let j = 0; j < this.n; j++) {
        const kind = kindOf(i, j, labels);
        if (kind === 'positive') this.frame(pen, i, j, this.ink);
        if (kind === 'false' && marked) this.frame(pen, i, j, WARM);
      }
    }
    images.forEach((image, view) => this.edges(view).forEach(([x, y]) => {
      if (image.complete && image.naturalWidth) pen.drawImage(image, x, y, this.side, this.side);
      [pen.strokeStyle, pen.lineWidth] = [colourOf(view), Math.max(2, this.side / 14)];
      pen.strokeRect(x + 1, y + 1, this.side - 2, this.side - 2);
    }));
  }

  pen(canvas) {
    const pen = canvas.getContext('2d');
    pen.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
    return pen;
  }

  // The theme's; a canvas gives back any colour as #rrggbb.
  colours(pen) {
    const style = getComputedStyle(this.canvas);
    const [paper, ink, full] = ['background', 'text', 'primary'].map((name) => {
      pen.fillStyle = style.getPropertyValue(`--st-${name}-color`).trim();
      return pen.fillStyle;
    });
    [this.paper, this.ink, this.family] = [paper, ink, style.fontFamily];
    this.type = parseFloat(style.fontSize) / 14;  // larger on a projector
    const [low, high] = [paper, full].map(parts);
    this.ramp = (share) => low.map((value, i) => Math.round(value + (0.06 + 0.94 * share) * (high[i] - value)));
  }

  fill(pen, i, j, cosine, [low, high]) {
    const [x, y, size] = [this.place(j), this.place(i), this.cell - (this.cell > 6 ? 1 : 0)];
    if (i === j) {  // the view itself is no part of any sum
      [pen.strokeStyle, pen.lineWidth, pen.globalAlpha] = [this.ink, 1, 0.35];
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(x + size, y + size);
      pen.stroke();
      pen.globalAlpha = 1;
      return;
    }
    const share = high > low ? (cosine - low) / (high - low) : 0.5;
    const ground = this.ramp(share);
    pen.fillStyle = `rgb(${ground.join(' ')})`;
    pen.fillRect(x, y, size, size);
    if (this.cell < NUMBERS_FROM) return;
    Object.assign(pen, { fillStyle: mostLegible([this.paper, this.ink], ground), textAlign: 'center', textBaseline: 'middle' });
    pen.font = `${Math.min(14 * this.type, this.cell / (this.type > 1 ? 2.2 : 2.7))}px ${this.family}`;
    pen.fillText(fixed(cosine, 2).replace(/^(−?)0/, '$1'), x + size / 2, y + size / 2 + 1, size - 2);
  }

  frame(pen, i, j, colour, wide = this.cell > 10 ? 2 : 1) {
    [pen.strokeStyle, pen.lineWidth] = [colour, wide];
    const size = this.cell - (this.cell > 6 ? 1 : 0) - wide;
    pen.strokeRect(this.place(j) + wide / 2, this.place(i) + wide / 2, size, size);
  }

  // Where a view's picture is: left of its row, and above its column.
  edges(view) {
    const along = this.place(view) + Math.min(0, this.place(this.n) - this.place(view) - this.side);
    const across = (view % this.lanes) * this.side;
    return [[across, along], [along, across]];
  }

  // The row of the anchor and the cell that is looked at, over the matrix.
  mark(anchor, [i, j]) {
    const pen = this.pen(this.canvas), wide = this.place(this.n);
    pen.clearRect(0, 0, wide + 2, wide + 2);
    pen.drawImage(this.base, 0, 0, wide + 2, wide + 2);
    [pen.strokeStyle, pen.lineWidth] = [this.ink, 2];
    pen.strokeRect(this.edge - 2, this.place(anchor) - 1.5, wide - this.edge + 3, this.cell + 2);
    for (const [x, y] of [this.edges(i)[0], this.edges(j)[1], this.edges(anchor)[0]]) {
      pen.strokeRect(x + 1, y + 1, this.side - 2, this.side - 2);
    }
    this.frame(pen, i, j, this.paper, 5);
    this.frame(pen, i, j, this.ink, 3);
  }

  // The view whose picture at an edge is under the pointer, or -1.
  viewUnder(event) {
    const box = this.canvas.getBoundingClientRect(), [right, down] = [event.clientX - box.left, event.clientY - box.top];
    const inside = ([x, y]) => right >= x && right < x + this.side && down >= y && down < y + this.side;
    return Array.from({ length: this.n }, (_, view) => view).findIndex((view) => this.edges(view).some(inside));
  }

  // [row, column] under the pointer; null outside the cells.
  under(event) {
    const box = this.canvas.getBoundingClientRect(), at = [event.clientY - box.top, event.clientX - box.left];
    const found = at.map((px) => {
      const half = px < this.place(this.n / 2) - GUTTER ? 0 : GUTTER;
      return Math.floor((px - this.edge - half) / this.cell);
    });
    return found.every((place) => place >= 0 && place < this.n) ? found : null;
  }
}
