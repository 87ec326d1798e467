/** One step of a test of a source or target, before anything is stored. */
export interface ProbeStep<Id extends string = string> {
  id: Id;
  outcome: 'passed' | 'failed' | 'not-tried';
  /** A sentence for people. */
  text: string;
  /** What helps to mend it. */
  detail?: string;
}
