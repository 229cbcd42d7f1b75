import t from 'tap';
import { Slots } from '../../bench/load/switches/slots.js';

t.test('an answer counts once, and what never comes is known', t => {
  const slots = new Slots(4);
  const asked = [0, 1, 2, 3].map(slot => slots.ask(slot, 1_000 + slot));
  t.strictSame(asked, [0, 1, 2, 3]);
  t.equal(slots.open, 4);
  t.equal(slots.answer(2), 2);
  t.equal(slots.answer(2), undefined, 'a second answer to the same');
  t.equal(slots.stray, 1);
  t.equal(slots.ask(2, 1_100), 6, 'no number is used twice');
  t.equal(slots.answer(6), 2);

  t.strictSame(slots.giveUp(1_002), [0, 1], 'what was asked before that time');
  t.equal(slots.lost, 2);
  t.strictSame(slots.giveUp(1_002), [], 'once');
  t.equal(slots.answer(1), undefined, 'too late');
  t.equal(slots.late, 1);
  t.equal(slots.lost, 1, 'it came all the same');
  t.equal(slots.answer(1), undefined);
  t.equal(slots.stray, 2);
  t.equal(slots.answer(77), undefined, 'never asked');
  t.equal(slots.stray, 3);
  t.equal(slots.open, 1);
  t.end();
});
