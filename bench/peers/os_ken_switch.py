"""A learning switch for os-ken, with the answers that Heddle gives: a FLOW_MOD where the destination is known, and a PACKET_OUT."""

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import CONFIG_DISPATCHER, MAIN_DISPATCHER, set_ev_cls
from os_ken.lib.packet import ethernet, packet
from os_ken.ofproto import ofproto_v1_3


class LearningSwitch(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ports = {}  # by datapath id, then by MAC

    @set_ev_cls(ofp_event.EventOFPSwitchFeatures, CONFIG_DISPATCHER)
    def on_features(self, event):
        switch = event.msg.datapath
        parser, proto = switch.ofproto_parser, switch.ofproto
        self.ports[switch.id] = {}
        asks = parser.OFPActionOutput(proto.OFPP_CONTROLLER, proto.OFPCML_NO_BUFFER)
        self.add_flow(switch, 0, parser.OFPMatch(), asks, 0)

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet_in(self, event):
        message = event.msg
        switch = message.datapath
        parser, proto = switch.ofproto_parser, switch.ofproto
        frame = packet.Packet(message.data).get_protocol(ethernet.ethernet)
        ports = self.ports.setdefault(switch.id, {})
        in_port = message.match["in_port"]
        ports[frame.src] = in_port
        port = ports.get(frame.dst, proto.OFPP_FLOOD)
        output = parser.OFPActionOutput(port)
        if port != proto.OFPP_FLOOD:
            match = parser.OFPMatch(in_port=in_port, eth_dst=frame.dst, eth_src=frame.src)
            self.add_flow(switch, 10, match, output, 300)
        switch.send_msg(
            parser.OFPPacketOut(
                datapath=switch,
                buffer_id=proto.OFP_NO_BUFFER,
                in_port=in_port,
                actions=[output],
                data=message.data,
            )
        )

    @staticmethod
    def add_flow(switch, priority, match, action, idle_timeout):
        parser, proto = switch.ofproto_parser, switch.ofproto
        apply = parser.OFPInstructionActions(proto.OFPIT_APPLY_ACTIONS, [action])
        switch.send_msg(
            parser.OFPFlowMod(
                datapath=switch,
                priority=priority,
                match=match,
                idle_timeout=idle_timeout,
                instructions=[apply],
            )
        )
