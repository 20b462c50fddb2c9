// Characters in SVG pictures whose contrast with what is drawn behind them is below 4.5, as WCAG reckons it.
() => {
  const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const light = colours => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) { pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1); }
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(value => value / 255)
      .map(value => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
      .reduce((sum, value, at) => sum + value * [.2126, .7152, .0722][at], 0);
  };
  const fill = element => getComputedStyle(element).fill;
  const holds = (shape, point) => shape.isPointInFill(point.matrixTransform(shape.getScreenCTM().inverse()));
  const low = [];
  for (const text of document.querySelectorAll('svg text')) {
    if (!text.getClientRects().length) continue;
    const page = [];
    for (let each = text.ownerSVGElement; each; each = each.parentElement)
      page.unshift(getComputedStyle(each).backgroundColor);
    const shapes = [...text.ownerSVGElement.querySelectorAll('rect, circle, ellipse, path, polygon')].filter(shape =>
      shape.compareDocumentPosition(text) & Node.DOCUMENT_POSITION_FOLLOWING && /^(rgb|#|color)/.test(fill(shape)));
    for (let at = 0; at < text.getNumberOfChars(); at++) {
      const {x, y, width, height} = text.getExtentOfChar(at);
      const middle = new DOMPoint(x + width / 2, y + height / 2).matrixTransform(text.getScreenCTM());
      const grounds = ['white', ...page, ...shapes.filter(shape => holds(shape, middle)).map(fill)];
      const [back, front] = [light(grounds), light([...grounds, fill(text)])];
      const ratio = (Math.max(back, front) + .05) / (Math.min(back, front) + .05);
      if (ratio < 4.5) low.push(`contrast ${ratio.toFixed(2)} of character ${at}: ${text.outerHTML.slice(0, 200)}`);
    }
  }
  return low;
}
