import t from 'tap';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { macs } from '../../src/cli/macs.js';
import { formatAge, formatMacs } from '../../src/cli/macs-text.js';
import { changesBetween, watchMacs } from '../../src/cli/macs-watch.js';
import type { MacStatus, MacTable } from '../../src/controller/mac-status.js';
import { api } from '../../src/http/api.js';
import { serve } from '../../src/io/http-server.js';
import { heddle, printed } from '../support/printed.js';

const one: MacStatus = {
  ...{ network: 'blue', mac: '02:00:00:00:00:01', hypervisor: 'kvm1', port: 'v1', how: 'attached' },
  ...{ ageSeconds: 7_300, moves: 0, ips: [{ address: '10.0.0.1', how: 'declared' }] },
};
const two: MacStatus = {
  ...{ network: 'blue', mac: '02:00:00:00:00:02', vtep: '10.97.0.9', how: 'remote', ageSeconds: 5, moves: 3 },
  ips: [{ address: '10.0.0.2', how: 'seen', ageSeconds: 61 }],
};
const bad: MacStatus = {
  ...{ network: 'r\u001b[2J', mac: '02:00:00:00:00:03', hypervisor: 'kvm2', port: 't1', how: 'learned' },
  ...{ ageSeconds: 0, moves: 9, held: true, ips: [] },
};

t.test('for people', t => {
  t.equal(formatMacs({ macs: [] }), 'No MAC is known.');
  t.equal(
    formatMacs({ macs: [one, two, bad] }),
    [
      'NETWORK     MAC                IPS              HOST       PORT  HOW            AGE  MOVES',
      'blue        02:00:00:00:00:01  10.0.0.1         kvm1       v1    attached       2 h  0',
      'blue        02:00:00:00:00:02  10.0.0.2 (61 s)  10.97.0.9  -     remote         5 s  3',
      'r\\u001b[2J  02:00:00:00:00:03  -                kvm2       t1    learned, held  0 s  9',
    ].join('\n'),
  );
  const ages = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(formatAge);
  t.strictSame(ages, ['0 s', '119 s', '2 min', '119 min', '2 h', '47 h', '2 d']);
  t.end();
});

t.test('what has changed', t => {
  const change = (before: MacTable | undefined, ...now: MacStatus[]): string[] =>
    changesBetween(before, { macs: now }).map(({ change, mac, from }) =>
      [change, mac.mac.at(-1), from?.hypervisor ?? from?.vtep].filter(part => part !== undefined).join(' '),
    );
  t.strictSame(change(undefined, one, two), ['known 1', 'known 2']);
  const before = { macs: [one, two] };
  t.strictSame(change(before, one, { ...two, ageSeconds: 99, moves: 4 }), []);
  t.strictSame(change(before, two, bad), ['came 3', 'went 1']);
  t.strictSame(change(before, { ...one, hypervisor: 'kvm2' }, { ...two, hypervisor: 'kvm2', port: 'v1' }), [
    'moved 1 kvm1',
    'moved 2 10.97.0.9',
  ]);
  t.end();
});

t.test('heddle macs', async t => {
  let known: MacTable = { macs: [one, two] };
  const http = await serve(
    { host: '127.0.0.1', port: 0 },
    api({
      status: () => {
        throw new Error('not asked for');
      },
      macs: network => (network === undefined || network === 'blue' ? known : undefined),
      qos: () => Promise.reject(new Error('not asked for')),
      readings: () => Promise.resolve([]),
      host: () => undefined,
    }).fetch,
  );
  t.teardown(() => http.close());
  const address = `127.0.0.1:${http.port}`;

  const answer = await printed(t, () => macs(undefined, { api: address }));
  t.strictSame([answer.result, answer.out], [exitCodes.ok, formatMacs(known)]);
  const json = await heddle(t, 'macs', '--json', '--network', 'blue', '--api', address);
  t.strictSame([json.code, JSON.parse(json.out)], [exitCodes.ok, known]);
  t.match(await heddle(t, 'macs', '--network', 'b lue&', '--api', address), {
    out: '',
    err: /^there is no network "b lue&": `heddle status` lists them$/,
    code: exitCodes.failed,
  });
  t.match(await heddle(t, 'macs', '--api', '127.0.0.1:1'), { err: /no Heddle answers at 127/, code: 1 });
  known = { macs: [bad] };
  t.equal((await printed(t, () => macs(undefined, { api: address }))).result, exitCodes.attention);
});

t.test('--watch, in a pipe', async t => {
  const answers: (MacTable | Error)[] = [
    { macs: [one] },
    new Error('gone'),
    new Error('gone'),
    { macs: [two] },
  ];
  const ask = (): Promise<MacTable> => {
    const next = answers.shift();
    if (answers.length === 0) process.emit('SIGINT');
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? { macs: [] });
  };
  const { result, out, err } = await printed(t, () => watchMacs(ask, false, 1));
  t.equal(result, exitCodes.ok);
  t.strictSame(out.split('\n'), [
    'known blue 02:00:00:00:00:01: kvm1 v1 (attached)',
    'came  blue 02:00:00:00:00:02: vtep 10.97.0.9 (remote)',
    'went  blue 02:00:00:00:00:01: kvm1 v1 (attached)',
  ]);
  t.equal(err, 'gone', 'told once');
  await t.rejects(
    watchMacs(() => Promise.reject(new Error('nobody')), true, 1),
    { message: 'nobody' },
    'who is not there at first is not waited for',
  );
  t.strictSame(process.listenerCount('SIGINT'), process.listenerCount('SIGTERM'));
});
