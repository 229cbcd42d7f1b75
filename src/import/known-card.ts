import type { FoundNetwork, Member } from './networks.js';
import { isOpen } from './vlan.js';

/** Whether a card surely carries a network, and is the only one that does: then it is one of the network's ports. */
export const isKnownCard = (card: Member, { cards }: Pick<FoundNetwork, 'cards'>): boolean =>
  card.placed.port.role === 'nic' && cards.length === 1 && (card.tag === 0 || !isOpen(card.placed.port.vlan));
