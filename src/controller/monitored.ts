import { configColumns, portColumns, type WantedTables } from '../ovsdb/index.js';
import { hostColumns } from '../reconcile/host.js';

/** What is followed on every host. No statistics: they change all the time. */
export const monitored: WantedTables = {
  Bridge: [...new Set([...hostColumns.Bridge, ...portColumns.Bridge])],
  Port: [...new Set([...hostColumns.Port, ...portColumns.Port])],
  Interface: [...new Set([...hostColumns.Interface, ...portColumns.Interface])],
  Controller: hostColumns.Controller,
  QoS: [...new Set([...hostColumns.QoS, ...portColumns.QoS])],
  Queue: hostColumns.Queue,
  Open_vSwitch: configColumns.Open_vSwitch,
};
