import type { Config } from '../config/config.js';
import { Controller } from '../controller/controller.js';
import { realEffects } from '../io/effects.js';
import { onceLoaded, serve } from '../io/http-server.js';
import { listen } from '../io/streams.js';
import { fileStamp, watchFile } from '../io/watch-file.js';
import { messageOf } from '../lib/errors.js';
import { Door } from './door.js';
import { exitCodes } from './exit-codes.js';
import { HangUps } from './hang-ups.js';
import { makeLog } from './log.js';
import { readConfig } from './read-config.js';
import { Reloader } from './reload.js';

export interface RunOptions {
  readonly logLevel: string;
  /** Take bridges that forward by themselves over without losing a packet. */
  readonly gentle?: boolean;
  /** Delete the hand-made VXLAN ports that networks name in `mesh`, once Heddle's own carry their traffic. */
  readonly replaceMesh?: boolean;
}

/**
 * `heddle run [FILE]`: serves until SIGTERM or SIGINT, and leaves all flows and rows in place when it goes. A file that
 * changes is taken as it is then; SIGHUP makes it be read at once.
 *
 * @returns the exit code
 * @throws HeddleError when it cannot start: FILE_UNREADABLE, CONFIG_INVALID, APP_THREW, LISTEN_FAILED
 */
export async function run(file: string | undefined, options: RunOptions): Promise<number> {
  const hangUps = new HangUps();
  try {
    return await serveFile(file, options, hangUps);
  } finally {
    hangUps.close();
  }
}

async function serveFile(file: string | undefined, options: RunOptions, hangUps: HangUps): Promise<number> {
  // Before the file is read: what changes from then on has to be read again.
  const stamp = file === undefined ? undefined : await fileStamp(file);
  const { config, apps } = await readConfig(file);
  const log = await makeLog(options.logLevel);
  const { gentle = false, replaceMesh = false } = options;
  const takeover = { gentle, replaceMesh };
  const controller = new Controller({ config, apps, effects: realEffects(), log, ...takeover });
  const { openflow, ovsdb, http } = await openDoors(config, controller);
  controller.start();
  log.info(
    {
      openflow: openflow.address,
      ...(ovsdb.address !== undefined && { ovsdb: ovsdb.address }),
      api: http.address,
      apps: apps.map(({ module }) => module.name),
      hypervisors: config.hypervisors.length,
      networks: config.networks.length,
    },
    `Heddle listens for switches on tcp:${openflow.address ?? ''} (apps: ${apps.map(({ module }) => module.name).join(', ')})`,
  );
  if (file === undefined) {
    log.info(
      {},
      `no file was given: to try it, run \`ovs-vsctl set-controller BRIDGE tcp:127.0.0.1:${openflow.port ?? 0}\``,
    );
  }

  const watch =
    file === undefined || stamp === undefined
      ? undefined
      : reloadOn(
          hangUps,
          { file, stamp },
          new Reloader({ file, stamp, controller, openflow, ovsdb, api: http, log }),
        );
  // With no file, or one that can be read once only, such as a pipe.
  if (watch === undefined)
    hangUps.tell(() => log.warn({}, 'SIGHUP came, and there is no file to read again: all stays as it is'));
  const reason = await new Promise<string>(resolve => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    process.once('uncaughtException', error => {
      log.error({ err: error }, `a fault in Heddle itself: ${messageOf(error)}`);
      resolve('fault');
    });
  });
  log.info({ reason }, 'Heddle stops; flows and settings stay as they are');
  watch?.close();
  controller.stop();
  await Promise.all([openflow.close(), ovsdb.close(), http.close()]);
  return reason === 'fault' ? exitCodes.failed : exitCodes.ok;
}

interface Doors {
  readonly openflow: Door;
  readonly ovsdb: Door;
  readonly http: Door;
}

/** All of them, or none. @throws HeddleError LISTEN_FAILED */
async function openDoors(config: Config, controller: Controller): Promise<Doors> {
  const api = onceLoaded(async () =>
    (await import('../http/api.js')).api({
      status: () => controller.status(),
      macs: network => controller.macs(network),
      qos: () => controller.qos(),
      readings: () => controller.readings(),
      host: systemId => controller.hostOf(systemId),
    }),
  );
  const doors: Door[] = [];
  const open = async (...args: Parameters<typeof Door.open>): Promise<Door> => {
    const door = await Door.open(...args);
    doors.push(door);
    return door;
  };
  try {
    return {
      openflow: await open(config.openflow.listen, at => listen(at, stream => controller.accept(stream))),
      ovsdb: await open(config.ovsdb?.listen, at => listen(at, stream => controller.acceptOvsdb(stream))),
      http: await open(config.api.listen, at => serve(at, async request => (await api()).fetch(request))),
    };
  } catch (thrown) {
    await Promise.all(doors.map(door => door.close()));
    throw thrown;
  }
}

/** @param stamp of the file, when it was read */
function reloadOn(
  hangUps: HangUps,
  { file, stamp }: { readonly file: string; readonly stamp: string },
  reloader: Reloader,
): { close(): void } {
  const watch = watchFile(file, stamp, () => void reloader.request('if changed'));
  hangUps.tell(() => void reloader.request('yes'));
  return watch;
}
