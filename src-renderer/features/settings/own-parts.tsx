import { Button, SegmentedControl, Stack, Switch, Text } from '@mantine/core';
import { useState } from 'react';
import { toClientError } from '../../api/client-error.ts';
import { useClient } from '../../api/queries.tsx';
import { PasswordForm } from '../../frame/password-form.tsx';
import { notifyDone, notifyFailed } from '../../notify.tsx';
import { type Appearance, type Density, prefer, usePreferences } from '../../stores/preferences.ts';
import { useCaller, useSession } from '../../stores/session.ts';
import { frameTexts } from '../../texts/frame.ts';
import { aboutTexts, appearanceTexts, ownPasswordTexts } from '../../texts/settings.ts';
import { ownZone } from '../../ui/format.ts';
import { KeyValue, Section } from '../../ui/page-header.tsx';
import classes from './settings.module.css';

const choices = (texts: Readonly<Record<string, string>>) => Object.entries(texts).map(([value, label]) => ({ value, label }));

/** How it looks on this computer. */
export function AppearancePart() {
  const { appearance, density, narrowNavigation } = usePreferences();
  return (
    <Section title={appearanceTexts.title} hint={appearanceTexts.hint}>
      <Stack gap="md" maw={420}>
        <div>
          <Text size="sm" mb={4}>
            {appearanceTexts.colours}
          </Text>
          <SegmentedControl
            fullWidth
            aria-label={appearanceTexts.colours}
            data={choices(frameTexts.appearances)}
            value={appearance}
            onChange={(value) => prefer({ appearance: value as Appearance })}
          />
        </div>
        <div>
          <Text size="sm" mb={4}>
            {appearanceTexts.rows}
          </Text>
          <SegmentedControl
            fullWidth
            aria-label={appearanceTexts.rows}
            data={choices(frameTexts.densities)}
            value={density}
            onChange={(value) => prefer({ density: value as Density })}
          />
        </div>
        <Switch
          label={`${appearanceTexts.navigation}: ${appearanceTexts.narrow}`}
          description={appearanceTexts.narrowHint}
          checked={narrowNavigation}
          onChange={(event) => prefer({ narrowNavigation: event.currentTarget.checked })}
        />
      </Stack>
    </Section>
  );
}

export function PasswordPart() {
  // Another number is an empty form.
  const [changed, setChanged] = useState(0);
  return (
    <Section title={ownPasswordTexts.title} hint={ownPasswordTexts.hint}>
      <div className={classes.narrow}>
        <PasswordForm key={changed} onDone={() => setChanged((before) => before + 1)} />
      </div>
    </Section>
  );
}

export function AboutPart() {
  const { kind, desktop } = useClient();
  const version = useSession((store) => store.version);
  const { name, role } = useCaller();
  const [busy, setBusy] = useState(false);
  async function collect() {
    setBusy(true);
    try {
      const file = await desktop?.saveDiagnostics();
      if (file !== undefined) notifyDone(aboutTexts.collected(file));
    } catch (error) {
      notifyFailed(toClientError(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <Section title={frameTexts.product}>
        <KeyValue
          items={[
            [
              aboutTexts.version,
              <span key="version" className="tabular">
                {version}
              </span>,
            ],
            [aboutTexts.shown, aboutTexts.kinds[kind]],
            [aboutTexts.user, `${name} (${frameTexts.roles[role]})`],
            [aboutTexts.zone, ownZone()],
          ]}
        />
      </Section>
      <Section title={aboutTexts.diagnostics} hint={desktop ? aboutTexts.diagnosticsHint : aboutTexts.diagnosticsWeb}>
        {desktop ? (
          <Button variant="default" loading={busy} onClick={() => void collect()}>
            {aboutTexts.collect}
          </Button>
        ) : null}
      </Section>
      <Section title={aboutTexts.licences} hint={kind === 'desktop' ? aboutTexts.licencesHint : aboutTexts.licencesWeb}>
        {null}
      </Section>
    </>
  );
}
