/** What a live test may lose. */
import t from 'tap';
import { excused } from '../live/support/dropped.js';

t.test('a loss is excused by what the machine dropped, and by what it drops without an event', t => {
  t.equal(excused(0, 0), 0, 'nothing was dropped: nothing may be lost');
  t.equal(excused(3, 0), 3);
  t.equal(excused(2_000, 0), 5, 'sockets that overflow by the event alone excuse a few');
  t.equal(excused(2_000, 5), 5);
  t.equal(excused(2_000, 100), 1_000, 'a machine that drops as well without it');
  t.equal(excused(300, 100), 300, 'but never more than were dropped');
  t.equal(excused(-4, 100), 0, 'a socket that was closed takes its count with it');
  t.end();
});
