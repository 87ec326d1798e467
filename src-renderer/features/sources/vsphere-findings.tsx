import { Stack } from '@mantine/core';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { probeTexts, vsphereFormTexts as texts } from '../../texts/sources.ts';
import { Notice } from '../../ui/notice.tsx';
import { ProbeSteps } from '../../ui/probe-steps.tsx';
import { CertificateCard, isGood } from './certificate-card.tsx';
import classes from './sources.module.css';

const steps = ['address', 'connection', 'tls', 'certificate', 'service', 'login', 'privileges'];

/** What the test of a vCenter found, and what to do about the first step that failed. */
export function VsphereFindings(props: {
  probe: Output<'sources.probe'> | undefined;
  busy: boolean;
  /** Something was changed since. */
  old: boolean;
  thumbprintGiven: boolean;
  /** All that can be tried without the stored password is well. */
  onlyLoginLeft: boolean;
  onAccept: (thumbprint: string) => void;
}) {
  const { probe, busy, old } = props;
  if (!probe && !busy) return null;
  const failed = probe?.steps.find(({ id, outcome }) => outcome === 'failed' && id !== 'privileges');
  const missing = probe?.missingPrivileges ?? [];
  const hint = failed && texts.hints[failed.id];
  const name = probe?.server?.name ?? '';
  const certificate = probe?.certificate;
  const asks = certificate !== undefined && !isGood(certificate, props.thumbprintGiven);
  const card = certificate ? (
    <CertificateCard
      certificate={certificate}
      given={props.thumbprintGiven}
      busy={busy}
      onAccept={() => props.onAccept(certificate.thumbprint)}
    />
  ) : null;
  return (
    <Stack gap="sm" className={old && !busy ? classes.old : undefined}>
      {old && !busy ? <Notice tone="info">{texts.changed}</Notice> : null}
      <ProbeSteps
        label={texts.steps}
        // Its thumbprint stands below, where it can be compared.
        steps={probe?.steps.map((step) => (step.id === 'certificate' ? { ...step, detail: undefined } : step))}
        busy={busy}
        names={probeTexts.names}
        expected={steps}
        warnings={['privileges', ...(failed?.id === 'certificate' ? ['certificate'] : [])]}
        notTried={probeTexts.notTried}
      />
      {busy || !probe ? null : (
        <>
          {probe.certificate && asks ? card : null}
          {hint !== undefined && failed?.id !== 'certificate' ? (
            <Notice tone="bad" title={texts.mend}>
              {hint}
            </Notice>
          ) : null}
          {missing.length > 0 ? <Missing rows={missing} /> : null}
          {probe.ok && !old ? (
            <Notice tone={missing.length === 0 ? 'good' : 'warn'}>
              {missing.length === 0 ? texts.ready(name) : texts.readyNoted(name)}
            </Notice>
          ) : null}
          {!old && props.onlyLoginLeft ? <Notice tone="good">{texts.readyEdit}</Notice> : null}
          {probe.certificate && !asks ? card : null}
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
