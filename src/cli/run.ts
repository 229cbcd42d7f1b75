import { Controller } from '../controller/controller.js';
import { api } from '../http/api.js';
import { realEffects } from '../io/effects.js';
import { serve } from '../io/http-server.js';
import { listen } from '../io/streams.js';
import { messageOf } from '../lib/errors.js';
import { exitCodes } from './exit-codes.js';
import { makeLog } from './log.js';
import { readConfig } from './read-config.js';

/**
 * `heddle run [FILE]`: serves until SIGTERM or SIGINT, and leaves all flows and rows in place when it goes.
 *
 * @returns the exit code
 * @throws HeddleError when it cannot start: FILE_UNREADABLE, CONFIG_INVALID, APP_THREW, LISTEN_FAILED
 */
export async function run(file: string | undefined, options: { readonly logLevel: string }): Promise<number> {
  const { config, apps } = await readConfig(file);
  const log = makeLog(options.logLevel);
  const controller = new Controller({ config, apps, effects: realEffects(), log });
  const openflow = await listen(config.openflow.listen, stream => controller.accept(stream));
  const http = await serve(config.api.listen, api(() => controller.status()).fetch).catch(
    async (error: unknown) => {
      await openflow.close();
      throw error;
    },
  );
  controller.start();
  log.info(
    {
      openflow: `${openflow.address}:${openflow.port}`,
      api: `${http.address}:${http.port}`,
      apps: apps.map(({ module }) => module.name),
      hypervisors: config.hypervisors.length,
      networks: config.networks.length,
    },
    `Heddle listens for switches on tcp:${openflow.address}:${openflow.port} (apps: ${apps.map(({ module }) => module.name).join(', ')})`,
  );
  if (file === undefined) {
    log.info(
      {},
      `no file was given: to try it, run \`ovs-vsctl set-controller BRIDGE tcp:127.0.0.1:${openflow.port}\``,
    );
  }

  const reason = await new Promise<string>(resolve => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('uncaughtException', error => {
      log.error({ err: error }, `a fault in Heddle itself: ${messageOf(error)}`);
      resolve('fault');
    });
  });
  log.info({ reason }, 'Heddle stops; flows and settings stay as they are');
  controller.stop();
  await Promise.all([openflow.close(), http.close()]);
  return reason === 'fault' ? exitCodes.failed : exitCodes.ok;
}
