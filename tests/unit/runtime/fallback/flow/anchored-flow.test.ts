import { test } from 'tap';
import { AnchoredFlow } from '../../../../../src/runtime/fallback/flow/anchored-flow.js';
import { DisFlow } from '../../../../../src/runtime/fallback/flow/dis-flow.js';
import { drawn, texture } from '../../../../support/textures.js';

const SIDE = 96;
/** Frames of a cycle. */
const CYCLE = 12;

/** Displacement of the tissue in x at a frame, px. */
const sway = (frame: number): number => 4 * Math.sin((2 * Math.PI * frame) / CYCLE);

/** Tissue that sways; `renewal` of its speckle is another one's at half a cycle, and it is back after a whole one. */
function frameOf(index: number, renewal: number): Uint8Array {
  const phase = (2 * Math.PI * index) / CYCLE;
  const away = (renewal * (0.5 - 0.5 * Math.cos(phase)) * Math.PI) / 2;
  return drawn({ width: SIDE, height: SIDE }, (x, y) => {
    const at = x - sway(index);
    return Math.cos(away) * texture(at, y, 0) + Math.sin(away) * texture(at, y, 1);
  });
}

/** Mean of |flow − truth| in x of a source, px, away from the border. */
function flowError(stream: AnchoredFlow, source: number, truth: number): number {
  const flow = stream.flow(source);
  let [sum, count] = [0, 0];
  for (let y = 12; y < SIDE - 12; y++) {
    for (let x = 12; x < SIDE - 12; x++, count++) sum += Math.abs(flow[2 * (y * SIDE + x)] - truth);
  }
  return sum / count;
}

const mean = (values: Float32Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const search = new DisFlow(SIDE, SIDE);

function started(first: Uint8Array): AnchoredFlow {
  const stream = new AnchoredFlow(SIDE);
  stream.start(first);
  return stream;
}

function follow(stream: AnchoredFlow, frame: Uint8Array): void {
  stream.follow(frame, search);
  stream.accept();
}

test('a frame that comes again has no flow, a perfect match, hardly any variance', async (t) => {
  const frame = frameOf(0, 0);
  const stream = started(frame);
  follow(stream, frame);
  t.same(
    [0, 1, 2].map((source) => stream.known(source)),
    [true, true, false],
  );
  t.ok(flowError(stream, 0, 0) < 1e-3);
  t.ok(flowError(stream, 1, 0) < 1e-3);
  t.ok(mean(stream.match(1)) > 0.99);
  t.ok(mean(stream.variance(1)) < 1e-3);
});

test('the flow points to where the tissue was, on the frame before and the anchor', async (t) => {
  const stream = started(frameOf(0, 0));
  for (let frame = 1; frame <= 5; frame++) {
    follow(stream, frameOf(frame, 0));
    t.ok(flowError(stream, 0, sway(frame - 1) - sway(frame)) < 0.2);
    t.ok(flowError(stream, 1, -sway(frame)) < 0.2);
  }
});

test('where speckle renews itself the variance grows, and is gone with the drift after a cycle', async (t) => {
  const stream = started(frameOf(0, 1));
  let away = 0;
  for (let frame = 1; frame <= CYCLE; frame++) {
    follow(stream, frameOf(frame, 1));
    if (frame === CYCLE / 2) away = mean(stream.variance(1));
    // Even with nothing of the anchor's speckle left the flow into it is that of the tissue.
    t.ok(flowError(stream, 1, -sway(frame)) < 0.8);
  }
  t.ok(away > 0.02);
  t.ok(mean(stream.variance(1)) < 0.1 * away);
  t.ok(flowError(stream, 1, 0) < 0.05);
});

test('how much a measurement into an anchor is worth is a setting', async (t) => {
  const variance = (anchorVariance: number): number => {
    const stream = new AnchoredFlow(SIDE, { anchorVariance });
    stream.start(frameOf(0, 1));
    follow(stream, frameOf(3, 1));
    return mean(stream.variance(1));
  };
  t.ok(variance(1) < 0.5 * variance(1e6));
});

test('an anchor set anew is followed from that frame on, the other one stays', async (t) => {
  const stream = started(frameOf(0, 0));
  follow(stream, frameOf(1, 0));
  follow(stream, frameOf(2, 0));
  stream.setAnchor(1);
  follow(stream, frameOf(3, 0));
  t.ok(stream.known(2));
  t.ok(flowError(stream, 2, sway(2) - sway(3)) < 0.2);
  t.ok(flowError(stream, 1, -sway(3)) < 0.2);
  stream.start(frameOf(0, 0));
  t.notOk(stream.known(2));
});

test('a frame that is not accepted leaves the stream where it was', async (t) => {
  const streams = [0, 1].map(() => {
    const stream = started(frameOf(0, 0));
    follow(stream, frameOf(1, 0));
    return stream;
  });
  streams[0].follow(frameOf(6, 1), search);
  for (const stream of streams) follow(stream, frameOf(2, 0));
  for (const source of [0, 1]) {
    t.same(streams[0].flow(source), streams[1].flow(source));
    t.same(streams[0].match(source), streams[1].match(source));
    t.same(streams[0].variance(source), streams[1].variance(source));
  }
});

test('a step whose frames hardly match is found by what is left when they are blurred', async (t) => {
  /** Coarse anatomy that moves far, under fine speckle that is another one on every frame. */
  const frame = (moved: number, speckle: number): Uint8Array =>
    drawn(
      { width: SIDE, height: SIDE },
      (x, y) => 0.3 * texture((x - moved) / 2.5, y / 2.5, 0) + 0.4 * texture(2 * x, 2 * y, speckle),
    );
  const [first, second] = [frame(0, 1), frame(7, 2)];
  const error = (jumpMatch: number): number => {
    const stream = new AnchoredFlow(SIDE, { jumpMatch });
    stream.start(first);
    stream.follow(second, search);
    return flowError(stream, 0, -7);
  };
  t.ok(error(1) < 0.7 * error(0), `${error(1)} px instead of ${error(0)}`);
  t.equal(error(0.4), error(1));
});

test('smaller frames than a patch of the search are followed too', async (t) => {
  const stream = new AnchoredFlow(2);
  const frame = Uint8Array.of(1, 2, 3, 4);
  stream.start(frame);
  stream.follow(frame, new DisFlow(2, 2));
  stream.accept();
  t.ok(Math.abs(stream.flow(1)[0]) < 1e-3);
});

test('what one holds is counted', async (t) => {
  const cells = SIDE * SIDE;
  // Four pictures in bytes; 27 floats: 4 of the step, 7 of each anchor, 3 of the warp, 6 of scratch; a row of the blur.
  t.equal(AnchoredFlow.bytes(SIDE), 6 * cells + 4 * (27 * cells + SIDE));
});
