import t from 'tap';
import { HangUps } from '../../src/cli/hang-ups.js';

t.test('one that comes early is told once, and those after it each', t => {
  const others = process.listenerCount('SIGHUP');
  const hangUps = new HangUps();
  t.equal(process.listenerCount('SIGHUP'), others + 1);
  t.teardown(() => hangUps.close());
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  let told = 0;
  hangUps.tell(() => told++);
  t.equal(told, 1);
  process.emit('SIGHUP');
  process.emit('SIGHUP');
  t.equal(told, 3);
  hangUps.close();
  t.equal(process.listenerCount('SIGHUP'), others);
  t.end();
});
