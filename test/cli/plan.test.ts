/** What answers, or does not, where the Heddle that runs should. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { heddle } from '../support/printed.js';
import type { Plan } from '../../src/controller/plan/plan.js';

async function at(t: Test, server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test('a file of no hypervisors', async t => {
  const file = join(t.testdir(), 'heddle.yaml');
  await writeFile(file, 'apps: [learning-switch]\n');
  const planned = async (api: string): Promise<{ code: number | undefined; plan: Plan }> => {
    const { code, out } = await heddle(t, 'plan', file, '--api', api, '--json');
    return { code, plan: JSON.parse(out) as Plan };
  };
  const failing = await at(
    t,
    createServer((_, response) => response.writeHead(500).end('{}')),
  );
  t.match(await planned(failing), {
    code: exitCodes.failed,
    plan: { ok: false, error: /cannot tell \(it answered 500/ },
  });
  const resetting = await at(
    t,
    createServer(({ socket }) => socket.resetAndDestroy()),
  );
  t.match(await planned(resetting), {
    code: exitCodes.failed,
    plan: { ok: false, error: /should answer at .* does not \(.*(ECONNRESET|hang up)/ },
  });
  const gone = createServer();
  const free = await at(t, gone);
  await new Promise(resolve => gone.close(resolve));
  t.match(await planned(free), { code: exitCodes.ok, plan: { ok: true } }, 'none runs');
});
