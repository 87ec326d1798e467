import { Button } from '@mantine/core';
import { IconCertificate } from '@tabler/icons-react';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { probeTexts } from '../../texts/sources.ts';
import { CopyText } from '../../ui/copy-text.tsx';
import { formatDay } from '../../ui/format.ts';
import { KeyValue } from '../../ui/page-header.tsx';
import { StatusBadge } from '../../ui/status-badge.tsx';
import classes from './sources.module.css';

type Certificate = NonNullable<Output<'sources.probe'>['certificate']>;
const texts = probeTexts.certificate;

/** Accepted by a person; or trusted, where nobody named one. */
export const isGood = (certificate: Certificate, given: boolean): boolean => certificate.accepted || (certificate.trusted && !given);

/** The certificate that a server showed, to be compared and accepted. */
export function CertificateCard(props: { certificate: Certificate; given: boolean; busy: boolean; onAccept: () => void }) {
  const { certificate, given } = props;
  const good = isGood(certificate, given);
  const now = Date.now();
  const stale = Date.parse(certificate.validFrom) > now || Date.parse(certificate.validTo) < now;
  return (
    <section className={classes.card} aria-label={texts.title} data-ask={!good || undefined}>
      <div className={classes.cardHead}>
        <IconCertificate size={18} stroke={1.6} aria-hidden />
        <h3>{texts.title}</h3>
        {good ? <StatusBadge state="ok" word={certificate.accepted ? texts.accepted : texts.trusted} /> : null}
      </div>
      {good ? null : <p className={classes.cardText}>{given ? texts.other : texts.ask}</p>}
      <KeyValue
        items={[
          [texts.thumbprint, <Thumbprint key="thumbprint" text={certificate.thumbprint} />],
          [texts.subject, certificate.subject],
          [texts.issuer, certificate.issuer === certificate.subject ? undefined : certificate.issuer],
          [
            texts.valid,
            <span key="valid">
              {texts.validity(formatDay(certificate.validFrom), formatDay(certificate.validTo))}{' '}
              {stale ? <StatusBadge state="warning" word={texts.stale} /> : null}
            </span>,
          ],
        ]}
      />
      {good ? null : (
        <Button mt="sm" onClick={props.onAccept} loading={props.busy}>
          {texts.accept}
        </Button>
      )}
    </section>
  );
}

/** Whole, in two lines that can be compared. */
function Thumbprint({ text }: { text: string }) {
  return (
    <span className={classes.thumbprint}>
      <span>{text}</span>
      <CopyText text={text} shown="" />
    </span>
  );
}
