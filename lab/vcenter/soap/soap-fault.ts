import { LabFault } from '../world/lab-fault.ts';
import type { Value } from './value.ts';

/** A fault whose elements are more than strings; otherwise the world's LabFault serves. */
export class SoapFault extends Error {
  readonly fault: string;
  readonly detail: Record<string, Value>;

  constructor(fault: string, message: string, detail: Record<string, Value> = {}) {
    super(message);
    this.name = 'SoapFault';
    this.fault = fault;
    this.detail = detail;
  }
}

export function invalidRequest(message: string): SoapFault {
  return new SoapFault('InvalidRequest', message);
}

export function invalidArgument(property: string, message = `A specified parameter was not correct: ${property}`): SoapFault {
  return new SoapFault('InvalidArgument', message, { invalidProperty: property });
}

/** What a client is told: a fault as it is, a defect of the lab as SystemError with its stack on standard error. */
export function asFault(error: unknown): SoapFault | LabFault {
  if (error instanceof SoapFault || error instanceof LabFault) return error;
  console.error('lab:', error);
  return new SoapFault('SystemError', `A general system error occurred: ${error instanceof Error ? error.message : String(error)}`, {
    reason: String(error),
  });
}
