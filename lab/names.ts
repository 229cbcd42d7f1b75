/**
 * Names that tell whose they are. Every namespace of a lab is called hdl-ID-HOST, so that several labs can stand at
 * once and each can be found and taken away again, even when the process that made it was killed.
 */
import { randomBytes } from 'node:crypto';
import { HeddleError } from '../src/lib/errors.js';

const prefix = 'hdl';
const idPattern = /^[a-z0-9]{1,8}$/;
const hostPattern = /^[a-z0-9][a-z0-9-]{0,12}$/i;
/** IFNAMSIZ of Linux is 16, with the closing zero. */
const maxInterfaceName = 15;

export const randomLabId = (): string => randomBytes(2).toString('hex');

export const isLabId = (id: string): boolean => idPattern.test(id);

/** The id itself, once it is known to be one. @throws HeddleError LAB_FAILED */
export function checkLabId(id: string): string {
  if (!isLabId(id)) throw new HeddleError('LAB_FAILED', `"${id}" is no lab id: 1 to 8 of a-z and 0-9`);
  return id;
}

/**
 * A host's name, once it is known to fit: with two characters of prefix or suffix it must still be an interface's
 * name. @throws HeddleError LAB_FAILED
 */
export function checkHostName(name: string): string {
  if (!hostPattern.test(name)) {
    throw new HeddleError('LAB_FAILED', `"${name}" is no host's name: 1 to 13 letters, digits and dashes`);
  }
  return name;
}

export const namespaceName = (id: string, host: string): string =>
  `${prefix}-${checkLabId(id)}-${checkHostName(host)}`;

/** Whose a namespace is, or undefined where it is none of a lab's. */
export function parseNamespaceName(name: string): { id: string; host: string } | undefined {
  const match = /^hdl-([a-z0-9]{1,8})-(.+)$/.exec(name);
  return match?.[1] === undefined || match[2] === undefined ? undefined : { id: match[1], host: match[2] };
}

/** The hypervisor's end of a VM's cable: what the operator's file calls a port. */
export const portName = (vm: string): string => interfaceName(`${checkHostName(vm)}-p`);

/** @throws HeddleError LAB_FAILED when the kernel would not take it */
export function interfaceName(name: string): string {
  if (name.length === 0 || name.length > maxInterfaceName || !/^[\w.-]+$/.test(name)) {
    throw new HeddleError(
      'LAB_FAILED',
      `"${name}" is no interface's name: 1 to ${maxInterfaceName} characters`,
    );
  }
  return name;
}
