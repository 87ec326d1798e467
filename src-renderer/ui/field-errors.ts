import type { ClientError } from '../api/client-error.ts';

interface Form {
  getValues: () => Record<string, unknown>;
  setFieldError: (field: never, message: string) => void;
}

/**
 * For useAction's `handles`: shows an error beside the field it blames. `names` maps the route's fields to the form's where they differ. An
 * error that blames none of the form's fields is left to the notification.
 */
export function fieldErrors(form: Form, names: Readonly<Record<string, string>> = {}) {
  return (error: Pick<ClientError, 'field' | 'message'>): boolean => {
    if (error.field === undefined) return false;
    // A route names the part too, as `body.settings.keep`.
    const bare = error.field.replace(/^(body|query|params)\./, '');
    const field = names[bare] ?? bare;
    if (!Object.hasOwn(form.getValues(), field.split('.')[0] as string)) return false;
    form.setFieldError(field as never, error.message);
    return true;
  };
}
