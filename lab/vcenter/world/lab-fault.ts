/** A vim25 fault, by its schema name: thrown by calls, or kept as a task's error. The SOAP server adds the envelope. */
export class LabFault extends Error {
  /** e.g. `InvalidPowerState`, `TaskInProgress`, `FileFault`. */
  readonly fault: string;
  /** Further elements of the fault in schema order, e.g. `{ requestedState: 'poweredOn', existingState: 'poweredOff' }`. */
  readonly detail: Record<string, string>;

  constructor(fault: string, message: string, detail: Record<string, string> = {}) {
    super(message);
    this.name = 'LabFault';
    this.fault = fault;
    this.detail = detail;
  }
}
