// The main thread in slices: long work stops every few milliseconds, so that the page answers keys and draws meanwhile.

const SLICE_MILLISECONDS = 8;
const MEASURES_KEPT = 4000;

const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => waiting.shift()();

const slice = { began: 0, measured: 0 };

function beginSlice() {
  slice.began = performance.now();
}

function endSlice() {
  // The browser keeps every measure for ever, and this page stays open for days.
  if (++slice.measured % MEASURES_KEPT === 0) performance.clearMeasures('refresh-slice');
  performance.measure('refresh-slice', { start: slice.began, end: performance.now() });
}

function sliceIsOver() {
  return performance.now() - slice.began > SLICE_MILLISECONDS;
}

/** Lets the browser do what waits, and goes on in a new slice. */
async function nextSlice() {
  // What was put off to the end of this task, as uPlot's drawing is, belongs to this slice.
  await null;
  endSlice();
  await new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
  beginSlice();
}
