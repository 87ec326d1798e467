import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction } from '../../api/queries.tsx';
import { sourcesTexts, vsphereFormTexts as texts } from '../../texts/sources.ts';
import { fieldErrors } from '../../ui/field-errors.ts';
import { serviceUrl } from './address.ts';
import { useSourceWork } from './contacts.ts';
import classes from './sources.module.css';
import { useNewest } from './use-probe.ts';
import { VsphereFindings } from './vsphere-findings.tsx';

type Probe = Output<'sources.probe'>;
export type VsphereSource = Extract<Output<'sources.get'>, { kind: 'vsphere' }>;

/** A vCenter: its address, who logs in, and a test that tells what each step found before anything is kept. */
export function VsphereForm({ source, onDone }: { source?: VsphereSource; onDone: () => void }) {
  const [thumbprint, setThumbprint] = useState(source?.thumbprint);
  const form = useForm({
    initialValues: { url: source?.url ?? '', username: source?.username ?? '', password: '' },
    validate: {
      url: (value) => (serviceUrl(value) === undefined ? texts.badAddress : null),
      username: (value) => (value.trim() === '' ? sourcesTexts.needed : null),
      password: (value) => (value === '' && !source ? sourcesTexts.needed : null),
    },
  });
  const byField = fieldErrors(form);
  const { sync } = useSourceWork();
  const ask = useAction('sources.probe', { handles: byField });
  const probe = useNewest<Parameters<typeof ask.mutateAsync>[0], Probe>((input) => ask.mutateAsync(input));
  const create = useAction('sources.create', {
    done: (added) => sourcesTexts.done.added(added.name),
    handles: byField,
    onDone: (added) => {
      void sync(added);
      onDone();
    },
  });
  const update = useAction('sources.update', { done: (changed) => sourcesTexts.done.updated(changed.name), handles: byField, onDone });

  const { url: typed, username, password } = form.values;
  const url = serviceUrl(typed);
  const keyOf = (print: string | undefined) => JSON.stringify([url, username.trim(), password, print]);
  const current = probe.found?.key === keyOf(thumbprint);
  const result = probe.found?.result;
  const ready = current && result !== undefined && (result.ok || (source !== undefined && password === '' && onlyLoginLeft(result)));

  function test(print = thumbprint): void {
    if (url === undefined) return void form.validateField('url');
    const body = { kind: 'vsphere' as const, url, ...given({ username: username.trim(), password, thumbprint: print }) };
    void probe.run(keyOf(print), { body });
  }
  /** The address alone tells a lot; it is tried as soon as it is left. */
  function addressLeft(): void {
    if (typed.trim() === '' || probe.busy || current) return;
    if (url === undefined) form.validateField('url');
    else test();
  }
  function submit(): void {
    if (!ready) {
      if (!form.validate().hasErrors) test();
      return;
    }
    const print = thumbprint ?? result.certificate?.thumbprint;
    if (url === undefined || print === undefined) return;
    const connection = { url, username: username.trim(), thumbprint: print };
    if (source) update.mutate({ params: { id: source.id }, body: { ...connection, ...given({ password }) } });
    else create.mutate({ body: { ...connection, password } });
  }

  const saving = create.isPending || update.isPending;
  return (
    <form
      aria-label={source ? texts.editTitle(source.name) : texts.title}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="sm">
        {source ? null : <p className={classes.cardText}>{texts.intro}</p>}
        <TextInput
          label={texts.url}
          description={texts.urlHint}
          placeholder="vcenter.example"
          autoComplete="off"
          spellCheck={false}
          data-autofocus={source ? undefined : true}
          {...form.getInputProps('url')}
          onChange={(event) => {
            form.setFieldValue('url', event.currentTarget.value);
            // Another host shows another certificate.
            if (!source) setThumbprint(undefined);
          }}
          onBlur={addressLeft}
        />
        <TextInput
          label={texts.username}
          description={texts.usernameHint}
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label={texts.password}
          description={source ? texts.passwordKept : texts.passwordHint}
          autoComplete="new-password"
          {...form.getInputProps('password')}
        />
        <VsphereFindings
          probe={result}
          busy={probe.busy}
          old={!current}
          thumbprintGiven={thumbprint !== undefined}
          onlyLoginLeft={ready && result?.ok === false}
          onAccept={(print) => {
            setThumbprint(print);
            test(print);
          }}
        />
      </Stack>
      <div className={classes.formEnd}>
        <span className={classes.formHint}>{ready ? null : texts.needsTest}</span>
        {ready ? (
          <Button variant="default" onClick={() => test()} disabled={probe.busy || saving}>
            {texts.testAgain}
          </Button>
        ) : null}
        <Button type="submit" loading={saving || (probe.busy && !ready)}>
          {ready ? (source ? texts.save : texts.add) : texts.test}
        </Button>
      </div>
    </form>
  );
}

/** Without what was left empty. */
function given<Parts extends Record<string, string | undefined>>(parts: Parts): { [Name in keyof Parts]?: string } {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined && value !== '')) as {
    [Name in keyof Parts]?: string;
  };
}

/** The stored password is the vault's: only saving can try it. */
const onlyLoginLeft = ({ steps }: Probe): boolean =>
  steps.every(({ id, outcome }) => outcome === 'passed' || ((id === 'login' || id === 'privileges') && outcome === 'not-tried'));
