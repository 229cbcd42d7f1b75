import t from 'tap';
import { isHeld, moved, type Moves, noMoves } from '../../src/apps/overlay/damping.js';

/** What becomes of moves at these times. */
function movesAt(...times: readonly number[]): { moves: Moves; followed: readonly boolean[] } {
  let moves = noMoves;
  const followed = times.map(time => {
    const step = moved(moves, time);
    ({ moves } = step);
    return step.follow;
  });
  return { moves, followed };
}

t.test('five moves in ten seconds are followed; at the sixth it is held for thirty', t => {
  const { moves, followed } = movesAt(0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000);
  t.strictSame(followed, [true, true, true, true, true, false, false]);
  t.equal(moves.count, 7, 'all are counted');
  t.ok(isHeld(moves, 34_999));
  t.notOk(isHeld(moves, 35_000));
  t.equal(moved(moves, 35_000).follow, true, 'and then it may move as ever');
  t.end();
});

t.test('what moves now and then is never held, and nothing grows', t => {
  const { moves, followed } = movesAt(...Array.from({ length: 1_000 }, (_, index) => index * 2_500));
  t.ok(followed.every(Boolean));
  t.equal(moves.count, 1_000);
  t.ok(moves.times.length <= 5);
  t.end();
});
