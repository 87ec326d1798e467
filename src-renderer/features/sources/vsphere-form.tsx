import { PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { sourcesTexts, vsphereFormTexts as texts } from '../../texts/sources.ts';
import { serviceUrl } from './address.ts';
import { ProbedForm } from './probed-form.tsx';
import { SilentNotice } from './silent-notice.tsx';
import classes from './sources.module.css';
import { nameIn, useSourceForm } from './use-source-form.ts';
import { VsphereFindings } from './vsphere-findings.tsx';

type Probe = Output<'sources.probe'>;
export type VsphereSource = Extract<Output<'sources.get'>, { kind: 'vsphere' }>;

/** A vCenter: its address, who logs in, and a test that tells what each step found before anything is kept. */
export function VsphereForm({ source, onDone }: { source?: VsphereSource; onDone: () => void }) {
  const [thumbprint, setThumbprint] = useState(source?.thumbprint);
  const form = useForm({
    initialValues: { url: source?.url ?? '', username: source?.username ?? '', password: '', name: source?.name ?? '' },
    validate: {
      url: (value) => (serviceUrl(value) === undefined ? texts.badAddress : null),
      username: (value) => (value.trim() === '' ? sourcesTexts.needed : null),
      password: (value) => (value === '' && !source ? sourcesTexts.needed : null),
    },
  });
  const { url: typed, username, password, name } = form.values;
  const url = serviceUrl(typed);
  const keyOf = (print: string | undefined) => JSON.stringify([url, username.trim(), password, print]);
  const unmoved =
    source !== undefined && keyOf(thumbprint) === JSON.stringify([serviceUrl(source.url), source.username, '', source.thumbprint]);
  const { probe, create, update, saving } = useSourceForm(form, { source, moved: !unmoved, onDone });
  const current = probe.found?.key === keyOf(thumbprint);
  const result = probe.found?.result;
  const tried = current && result !== undefined && (result.ok || (source !== undefined && password === '' && onlyLoginLeft(result)));
  const ready = tried || (unmoved && name.trim() !== source.name && name.trim() !== '');

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
  function keep(): void {
    if (source && unmoved) {
      update.mutate({ params: { id: source.id }, body: nameIn(name) });
      return;
    }
    const print = thumbprint ?? result?.certificate?.thumbprint;
    if (url === undefined || print === undefined) return;
    const connection = { url, username: username.trim(), thumbprint: print, ...nameIn(name) };
    if (source) update.mutate({ params: { id: source.id }, body: { ...connection, ...given({ password }) } });
    else create.mutate({ body: { ...connection, password } });
  }

  return (
    <ProbedForm
      title={source ? texts.editTitle(source.name) : texts.title}
      words={{ ...texts, keep: source ? texts.save : texts.add }}
      ready={ready}
      testing={probe.busy}
      saving={saving}
      isValid={() => !form.validate().hasErrors}
      onTest={() => test()}
      onKeep={keep}
    >
      {source ? <SilentNotice source={source} /> : <p className={classes.cardText}>{texts.intro}</p>}
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
      <TextInput label={texts.name} description={source ? undefined : texts.nameHint} autoComplete="off" {...form.getInputProps('name')} />
      <VsphereFindings
        probe={result}
        busy={probe.busy}
        old={!current}
        thumbprintGiven={thumbprint !== undefined}
        onlyLoginLeft={tried && result?.ok === false}
        onAccept={(print) => {
          setThumbprint(print);
          test(print);
        }}
      />
    </ProbedForm>
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
