import { type ErrorCode, OctopusError } from '../../../workers/octopus-error.ts';
import { parseXml, type XmlNode } from './xml-node.ts';

interface FaultMeaning {
  code: ErrorCode;
  retryable?: boolean;
  sentence?: string;
}

/** vSphere's faults by name. What is not listed is `source.faulted` with the server's own words. */
const meanings: Record<string, FaultMeaning> = {
  NotAuthenticated: { code: 'source.session', retryable: true, sentence: 'The session has ended.' },
  InvalidLogin: { code: 'source.denied', sentence: 'The server refused the user name or the password.' },
  NoPermission: { code: 'source.denied' },
  RestrictedByAdministrator: { code: 'source.denied' },
  RestrictedVersion: { code: 'source.denied', sentence: 'The licence of this host does not allow this operation.' },
  FileLocked: { code: 'source.locked', sentence: 'The file is locked: a running machine or another task uses it.' },
  ManagedObjectNotFound: { code: 'source.missing', sentence: 'The object no longer exists on the server.' },
  FileNotFound: { code: 'source.missing' },
  NotFound: { code: 'source.missing' },
  TaskInProgress: { code: 'source.busy', retryable: true, sentence: 'Another task is working on this machine.' },
  ConcurrentAccess: { code: 'source.busy', retryable: true, sentence: 'Another client is changing this machine.' },
  ResourceInUse: { code: 'source.busy', retryable: true },
  HostNotReachable: { code: 'source.unreachable', retryable: true, sentence: 'vCenter cannot reach the host.' },
  HostNotConnected: { code: 'source.unreachable', retryable: true, sentence: 'The host is not connected to vCenter.' },
  HostCommunication: { code: 'source.unreachable', retryable: true, sentence: 'vCenter cannot talk to the host.' },
  NotSupported: { code: 'source.unsupported' },
  MethodNotFound: { code: 'source.unsupported' },
  Timedout: { code: 'source.faulted', retryable: true, sentence: 'The server gave up waiting for the operation.' },
  RequestCanceled: { code: 'operation.cancelled', sentence: 'The server cancelled the request.' },
};

/** Builds the error from a fault element: `<XFault xsi:type="X">` of a SOAP detail or the `fault` of a task's error. */
export function faultError(fault: XmlNode | undefined, message: string, operation: string): OctopusError {
  const name = fault?.xsiType ?? fault?.name.replace(/Fault$/, '') ?? 'unknown';
  const meaning = meanings[name] ?? { code: 'source.faulted' as const };
  const details: Record<string, string> = { fault: name, operation };
  let sentence = meaning.sentence ?? `The server refused ${operation}: ${message || name}.`;
  const privilege = name === 'NoPermission' ? fault?.value('privilegeId') : undefined;
  if (privilege !== undefined) {
    const on = fault?.value('object') ?? '';
    details.privilege = privilege;
    details.object = on;
    sentence = `The user lacks the privilege ${privilege}${on === '' ? '' : ` on ${on}`}: grant it and try again.`;
  } else if (meaning.sentence !== undefined && message !== '' && name !== 'NotAuthenticated' && name !== 'InvalidLogin') {
    sentence = `${sentence.replace(/\.$/, '')} (${message.replace(/\.$/, '')}).`;
  }
  return new OctopusError(meaning.code, sentence.replace(/\.\.$/, '.'), { retryable: meaning.retryable ?? false, details });
}

/** The fault's name where an error came from a vSphere fault. */
export function faultName(error: unknown): string | undefined {
  return error instanceof OctopusError && typeof error.details.fault === 'string' ? error.details.fault : undefined;
}

/** From what the soap package rejects with: an error of ours from below, or a fault with the raw body. */
export function fromSoapError(error: unknown, operation: string): OctopusError {
  if (error instanceof OctopusError) return error;
  const body = (error as { body?: unknown }).body;
  if (typeof body === 'string') {
    let fault: XmlNode | undefined;
    try {
      fault = parseXml(body).child('Body')?.child('Fault');
    } catch {
      // Not XML either: reported below as a broken protocol.
    }
    if (fault !== undefined) return faultError(fault.child('detail')?.children[0], fault.value('faultstring') ?? '', operation);
    const message = `The server's answer to ${operation} is not SOAP.`;
    return new OctopusError('source.protocol', message, { cause: error, details: { operation } });
  }
  return new OctopusError('source.protocol', `The server's answer to ${operation} could not be read.`, {
    cause: error,
    details: { operation },
  });
}
