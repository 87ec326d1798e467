import { Stack } from '@mantine/core';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { probeTexts, vsphereFormTexts as texts } from '../../texts/sources.ts';
import { Notice } from '../../ui/notice.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { CertificateCard } from './certificate-card.tsx';
import classes from './sources.module.css';

const steps = ['address', 'connection', 'tls', 'certificate', 'service', 'login', 'privileges'];

/** What the test of a vCenter found, and what to do about the first step that failed. */
export function VsphereFindings(props: {
  probe: Output<'sources.probe'> | undefined;
  busy: boolean;
  /** Something was changed since. */
  old: boolean;
  thumbprintGiven: boolean;
  /** All that a login needs was typed. */
  complete: boolean;
  editing: boolean;
  onAccept: (thumbprint: string) => void;
}) {
  const { probe, busy, old } = props;
  if (!probe && !busy) return null;
  const failed = probe?.steps.find(({ id, outcome }) => outcome === 'failed' && id !== 'privileges');
  const missing = probe?.missingPrivileges ?? [];
  const hint = failed && texts.hints[failed.id];
  const name = probe?.server?.name ?? '';
  return (
    <Stack gap="sm" className={old && !busy ? classes.old : undefined}>
      {old && !busy ? <Notice tone="info">{texts.changed}</Notice> : null}
      <ProbeSteps
        label={texts.steps}
        steps={probe?.steps}
        busy={busy}
        names={probeTexts.names}
        expected={steps}
        warnings={['privileges', ...(failed?.id === 'certificate' ? ['certificate'] : [])]}
        notTried={probeTexts.notTried}
      />
      {busy || !probe ? null : (
        <>
          {probe.certificate ? (
            <CertificateCard
              certificate={probe.certificate}
              given={props.thumbprintGiven}
              busy={busy}
              onAccept={() => probe.certificate && props.onAccept(probe.certificate.thumbprint)}
            />
          ) : null}
          {hint !== undefined && failed?.id !== 'certificate' ? (
            <Notice tone="bad" title={texts.mend}>
              {hint}
            </Notice>
          ) : null}
          {missing.length > 0 ? <Missing rows={missing} /> : null}
          {probe.ok && missing.length === 0 && !old ? <Notice tone="good">{texts.ready(name)}</Notice> : null}
          {probe.ok && missing.length > 0 && !old ? <Notice tone="warn">{texts.readyNoted(name)}</Notice> : null}
        </>
      )}
    </Stack>
  );
}

function Missing({ rows }: { rows: readonly { privilege: string; on: string }[] }) {
  return (
    <div>
      <Notice tone="warn" title={probeTexts.missing.title}>
        {texts.hints.privileges}
      </Notice>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it */}
      <section className={classes.missing} aria-label={probeTexts.missing.label} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">{probeTexts.missing.privilege}</th>
              <th scope="col">{probeTexts.missing.on}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ privilege, on }) => (
              <tr key={`${privilege} ${on}`}>
                <td>{privilege}</td>
                <td>{on}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
