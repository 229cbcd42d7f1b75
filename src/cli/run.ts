import { Controller } from '../controller/controller.js';
import { api } from '../http/api.js';
import { realEffects } from '../io/effects.js';
import { serve } from '../io/http-server.js';
import { listen } from '../io/streams.js';
import { fileStamp, watchFile } from '../io/watch-file.js';
import { messageOf } from '../lib/errors.js';
import { Door } from './door.js';
import { exitCodes } from './exit-codes.js';
import { makeLog } from './log.js';
import { readConfig } from './read-config.js';
import { Reloader } from './reload.js';

/**
 * `heddle run [FILE]`: serves until SIGTERM or SIGINT, and leaves all flows and rows in place when it goes. A file that
 * changes is taken as it is then; SIGHUP makes it be read at once.
 *
 * @returns the exit code
 * @throws HeddleError when it cannot start: FILE_UNREADABLE, CONFIG_INVALID, APP_THREW, LISTEN_FAILED
 */
export async function run(file: string | undefined, options: { readonly logLevel: string }): Promise<number> {
  // Before the file is read: what changes from then on has to be read again.
  const stamp = file === undefined ? undefined : await fileStamp(file);
  const { config, apps } = await readConfig(file);
  const log = makeLog(options.logLevel);
  const controller = new Controller({ config, apps, effects: realEffects(), log });
  const openflow = await Door.open(config.openflow.listen, endpoint =>
    listen(endpoint, stream => controller.accept(stream)),
  );
  const { fetch } = api({
    status: () => controller.status(),
    readings: () => controller.readings(),
  });
  const http = await Door.open(config.api.listen, endpoint => serve(endpoint, fetch)).catch(
    async (error: unknown) => {
      await openflow.close();
      throw error;
    },
  );
  controller.start();
  log.info(
    {
      openflow: openflow.address,
      api: http.address,
      apps: apps.map(({ module }) => module.name),
      hypervisors: config.hypervisors.length,
      networks: config.networks.length,
    },
    `Heddle listens for switches on tcp:${openflow.address} (apps: ${apps.map(({ module }) => module.name).join(', ')})`,
  );
  if (file === undefined) {
    log.info(
      {},
      `no file was given: to try it, run \`ovs-vsctl set-controller BRIDGE tcp:127.0.0.1:${openflow.port}\``,
    );
  }

  const stopReloading =
    file === undefined || stamp === undefined
      ? () => undefined
      : reloadOn(file, stamp, new Reloader({ file, stamp, controller, openflow, api: http, log }));
  const reason = await new Promise<string>(resolve => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('uncaughtException', error => {
      log.error({ err: error }, `a fault in Heddle itself: ${messageOf(error)}`);
      resolve('fault');
    });
  });
  log.info({ reason }, 'Heddle stops; flows and settings stay as they are');
  stopReloading();
  controller.stop();
  await Promise.all([openflow.close(), http.close()]);
  return reason === 'fault' ? exitCodes.failed : exitCodes.ok;
}

/** @param stamp of the file, when it was read */
function reloadOn(file: string, stamp: string, reloader: Reloader): () => void {
  const watch = watchFile(file, stamp, () => void reloader.request('if changed'));
  const reload = (): void => void reloader.request('yes');
  process.on('SIGHUP', reload);
  return () => {
    watch.close();
    process.off('SIGHUP', reload);
  };
}
