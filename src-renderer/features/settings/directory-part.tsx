import { Button, Group, PasswordInput, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { useAction, useRoute } from '../../api/queries.tsx';
import { directoryTexts as texts } from '../../texts/settings.ts';
import { ConfirmAction } from '../../ui/confirm-action.tsx';
import { fieldErrors } from '../../ui/field-errors.ts';
import { Notice } from '../../ui/notice.tsx';
import { Section } from '../../ui/page-header.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import { SettingGroups } from './setting-groups.tsx';
import classes from './settings.module.css';

type Report = Output<'directory.test'>;

/** Sign-in by LDAP or Active Directory: fill in, test, switch on. */
export function DirectoryPart() {
  return (
    <>
      <p className={classes.lead}>{texts.hint}</p>
      <SettingGroups part="directory" first="directory.enabled">
        <Password />
        <Test />
      </SettingGroups>
    </>
  );
}

function Password() {
  const stored = useRoute('directory.get').data?.passwordStored;
  const [asked, setAsked] = useState(false);
  const form = useForm({ initialValues: { password: '' }, validate: { password: (value) => (value === '' ? texts.needed : null) } });
  const keep = useAction('directory.password', { done: texts.kept, handles: fieldErrors(form), onDone: () => form.reset() });
  const forget = useAction('directory.forgetPassword', { done: texts.forgotten });
  return (
    <Section title={texts.password}>
      <div className={classes.block}>
        {stored === undefined ? null : <StatusBadge state={stored ? 'ok' : 'warning'} word={stored ? texts.stored : texts.missing} />}
        <form onSubmit={form.onSubmit(({ password }) => keep.mutate({ body: { password } }))}>
          <Group align="flex-end" gap="xs" mt={8}>
            <PasswordInput label={texts.label} autoComplete="off" w={280} {...form.getInputProps('password')} />
            <Button type="submit" loading={keep.isPending}>
              {texts.keep}
            </Button>
            {stored ? (
              <Button variant="default" onClick={() => setAsked(true)}>
                {texts.forget}
              </Button>
            ) : null}
          </Group>
        </form>
        <ConfirmAction
          opened={asked}
          onClose={() => setAsked(false)}
          title={texts.forgetTitle}
          action={texts.forget}
          danger
          onConfirm={() => forget.mutateAsync({})}
        >
          {texts.forgetHint}
        </ConfirmAction>
      </div>
    </Section>
  );
}

function Test() {
  const [report, setReport] = useState<Report>();
  const form = useForm({ initialValues: { sampleUser: '' } });
  const test = useAction('directory.test', { handles: fieldErrors(form), onDone: setReport });
  return (
    <Section title={texts.test} hint={texts.testHint}>
      <div className={classes.block}>
        <form
          onSubmit={form.onSubmit(({ sampleUser }) => {
            const name = sampleUser.trim();
            test.mutate({ body: name === '' ? {} : { sampleUser: name } });
          })}
        >
          <Group align="flex-end" gap="xs">
            <TextInput
              label={texts.sample}
              description={texts.sampleHint}
              autoComplete="off"
              w={340}
              {...form.getInputProps('sampleUser')}
            />
            <Button type="submit" loading={test.isPending}>
              {texts.run}
            </Button>
          </Group>
        </form>
        {test.isPending ? (
          <ProbeSteps label={texts.test} steps={undefined} busy names={texts.steps} expected={Object.keys(texts.steps)} />
        ) : report ? (
          <Result report={report} />
        ) : null}
      </div>
    </Section>
  );
}

function Result({ report }: { report: Report }) {
  return (
    <div className={classes.result}>
      <Notice tone={report.ok ? 'good' : 'bad'}>{report.ok ? texts.ok : texts.bad}</Notice>
      {report.servers.map(({ url = texts.noServer, steps }) => (
        <section key={url} aria-label={url}>
          <Text fw={600} mt={10}>
            {url}
          </Text>
          <ProbeSteps
            label={url}
            busy={false}
            names={texts.steps}
            expected={[]}
            steps={steps.map(({ step, ok, message }) => ({
              id: step,
              outcome: ok ? ('passed' as const) : ('failed' as const),
              text: message,
            }))}
          />
        </section>
      ))}
    </div>
  );
}
