/** A ManagedObjectReference. */
export class ManagedRef {
  readonly type: string;
  readonly value: string;
  constructor(type: string, value: string) {
    this.type = type;
    this.value = value;
  }
}

/** A data object. `$type` names its type where that is not the declared one; always set on decoded ones. */
export interface DataObject {
  $type?: string;
  [element: string]: Value | undefined;
}

/** Whole numbers stay below 2^53. Base64Binary is kept as its text. */
export type Value = string | number | boolean | Date | ManagedRef | DataObject | Value[];

export function isDataObject(value: Value | undefined): value is DataObject {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date) && !(value instanceof ManagedRef);
}
