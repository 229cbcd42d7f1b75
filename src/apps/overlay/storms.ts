import type { FloodKind, FloodLimit, NetworkConfig } from '../../config/config.js';
import type { Meter, Setup } from '../../intent/index.js';
import { OFPMF } from '../../openflow/index.js';

/** The meters that keep storms down on one host: each network has one for each kind of frames that it limits. */
export interface StormMeters {
  readonly meters: readonly Meter[];
  /** undefined: there is no limit, or no meter is left for it. */
  idOf(network: NetworkConfig, kind: FloodKind): number | undefined;
  /** For requests that the switch answers itself, where the network has addresses. */
  answersOf(network: NetworkConfig): number | undefined;
  /** All ids of a network's, as a text that tells them apart from others. */
  idsOf(network: NetworkConfig): string;
}

/** Packets per second: an answer is made in the switch's slow path, which a guest that asks without end must not fill. */
const answerRate = 500;

/** Whether requests of a network's are answered anywhere. */
export const hasAddresses = ({ ports }: NetworkConfig): boolean =>
  ports.some(({ addresses = [] }) => addresses.length > 0);

const answersName = ({ vni }: NetworkConfig): string => `answers ${vni}`;

const nameOf = ({ vni }: NetworkConfig, kind: FloodKind): string => `flood ${vni} ${kind}`;

/** Those that take a meter. */
export const ratesOf = ({ flood }: NetworkConfig): readonly (readonly [FloodKind, number])[] =>
  (Object.entries(flood) as [FloodKind, FloodLimit][]).flatMap(([kind, limit]) =>
    limit === 'drop' ? [] : [[kind, limit] as const],
  );

export function stormMeters(
  networks: readonly NetworkConfig[],
  numberMeters: Setup['numberMeters'],
): StormMeters {
  const wanted = new Map([
    ...networks.filter(hasAddresses).map(network => [answersName(network), answerRate] as const),
    ...networks.flatMap(network =>
      ratesOf(network).map(([kind, rate]) => [nameOf(network, kind), rate] as const),
    ),
  ]);
  const ids = numberMeters(wanted.keys());
  const texts = new Map<NetworkConfig, string>();
  const textOf = (network: NetworkConfig): string =>
    [answersName(network), ...ratesOf(network).map(([kind]) => nameOf(network, kind))]
      .map(name => ids.get(name) ?? 0)
      .join();
  return {
    meters: [...ids].map(([name, id]) => rateMeter(id, wanted.get(name) ?? 1)),
    idOf: (network, kind) => ids.get(nameOf(network, kind)),
    answersOf: network => ids.get(answersName(network)),
    idsOf: network => {
      let text = texts.get(network);
      if (text === undefined) texts.set(network, (text = textOf(network)));
      return text;
    },
  };
}

/** A fifth of a second's worth may come at once: what a few guests that boot together send. */
const rateMeter = (id: number, rate: number): Meter => ({
  id,
  flags: OFPMF.PKTPS | OFPMF.BURST | OFPMF.STATS,
  bands: [{ type: 'drop', rate, burstSize: Math.ceil(rate / 5) }],
});
