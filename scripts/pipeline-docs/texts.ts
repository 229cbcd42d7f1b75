/** What each table does: why it is there, and what its flows are about. */
export const tableTexts: Readonly<Record<string, string>> = {
  classify:
    'Which network is it? An access port’s untagged frames, a VLAN of a trunk (its tag ends here), a VNI of the tunnel, a VLAN of the uplink: each writes the network into `metadata`. What came by a tunnel or from the wire gets bit 0 of `reg0`. All else of the uplink is the host’s own, and passes between it and the bridge’s port. What nobody has claimed is dropped.',
  'tunnel-source':
    'Whose tunnel is it? Managed hosts are let through in all networks, and past the tables that learn and answer: nothing is learned from them. VTEPs of `remotes` are let through in the networks that list them, and learned from. A sender that is not known is dropped.',
  learn:
    'Sources that OVSDB does not tell are learned by the switch itself, into table 70: behind ports with no `attached-mac`, behind trunks, and behind foreign VTEPs. A network with none of these has no flow here, so that source addresses stay out of the datapath’s cache. The first frame of a VM that is migrating to this host is sent to Heddle, too.',
  suppress:
    'Requests of local ports for addresses that the file gives are answered here: the request is rewritten into its reply and goes back by the port that it came from. Probes and announcements pass.',
  advertise:
    'The last field of an answer to a neighbour solicitation, which can be written only once it is an advertisement.',
  unicast:
    'Where is that MAC? Each known one has one flow, whether it is here (`reg1` is its port) or on another host (`reg1` is the tunnel, `tun_dst` the host). What none of them matches is looked up among the learned ones, and goes on.',
  learned:
    'What table 40 has written, with a timeout that each frame of the source renews. It only sets `reg1` (and `tun_dst`).',
  addresses:
    'Notes of which MAC has said that it has which address, where the file asks for that (`learn-ips`): written by the switch, read by Heddle, and looked up by no packet.',
  flood:
    'Nowhere known, or for all: from a local port to all of the network, by a group with one bucket for each host; from a tunnel or the wire to local ports alone. A packet that has its `reg1` passes by. Limits of `flood` are meters here.',
  output:
    'Out of the port that `reg1` says, if it is one of the packet’s network, with its VLAN pushed. The tunnel gets the VNI from `metadata`, and nothing that has come out of it: split horizon.',
};

export const registers: readonly (readonly [string, string])[] = [
  ['`metadata`', 'the network: its VNI, or above all VNIs the VLAN of the wire'],
  ['`reg0`', 'where from: 0 a local port, 1 a tunnel or the wire, 3 a VTEP that Heddle does not manage'],
  ['`reg1`', 'the output port; 0 as long as it is not known; 0xfff8 back to where it came from'],
  ['`tun_dst`', 'for the tunnel: the VTEP that it goes to (`tun_ipv6_dst` over IPv6)'],
];
