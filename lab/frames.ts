/** Frames of any source address, straight onto a station's device: what a guest with guests of its own, or a hostile one, sends. */
import { formatMac, type Mac } from '../src/lib/addresses.js';
import { stationDevice, type Station } from './station.js';

export interface FrameBurst {
  /** Source addresses, one frame for each; or so many made-up ones, different each time. */
  readonly from: readonly Mac[] | number;
  readonly to: Mac;
  /** About so many in a second; 1,000 unless said. */
  readonly perSecond?: number;
}

/** Perl is on every Debian; Node has no packet sockets. It tells how many frames were sent. */
const program = `
use strict;
my ($device, $to, $rate, $made, @from) = @ARGV;
open my $file, '<', "/sys/class/net/$device/ifindex" or die "$device: $!";
my $index = <$file> + 0;
# packet(7): PF_PACKET, SOCK_RAW; protocol 0 receives nothing.
socket my $socket, 17, 3, 0 or die "socket: $!";
bind $socket, pack 'S n i S C C a8', 17, 0, $index, 0, 0, 0, '' or die "bind: $!";
my $tail = pack 'n x46', 0x88b5;
my ($sent, $count) = (0, $made || scalar @from);
my $each = $rate / 100;
my $due = 0;
while ($sent < $count) {
  for ($due += $each; $sent < $due && $sent < $count; $sent++) {
    my $source = $made
      ? pack 'C C n n', 6, int rand 256, int rand 65536, int rand 65536
      : pack 'H12', $from[$sent];
    send $socket, pack('H12', $to) . $source . $tail, 0 or die "send: $!";
  }
  select undef, undef, undef, 0.01;
}
print $sent;
`;

const hex = (mac: Mac): string => formatMac(mac).replaceAll(':', '');

/** @returns how many frames were sent, when all were */
export async function sendFrames(
  station: Station,
  { from, to, perSecond = 1_000 }: FrameBurst,
): Promise<number> {
  const sources = typeof from === 'number' ? [String(from)] : ['0', ...from.map(hex)];
  const argv = ['perl', '-e', program, stationDevice, hex(to), String(perSecond), ...sources];
  return Number((await station.exec(argv, { timeoutMs: 120_000 })).stdout);
}
