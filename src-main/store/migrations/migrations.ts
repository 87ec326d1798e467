import { first } from './0001-first.ts';
import { identity } from './0002-identity.ts';
import { audit } from './0003-audit.ts';
import { machineListing } from './0004-machine-listing.ts';
import { scheduler } from './0005-scheduler.ts';
import { events } from './0006-events.ts';
import { secretReferences } from './0007-secret-references.ts';
import { keptAnswers } from './0008-kept-answers.ts';
import { sourceSettings } from './0009-source-settings.ts';
import { verifiedPoints } from './0010-verified-points.ts';
import { overview } from './0011-overview.ts';
import { contacts } from './0012-contacts.ts';
import { cutoverTimes } from './0013-cutover-times.ts';
import type { Migration } from './migration.ts';

export const migrations: readonly Migration[] = [
  first,
  identity,
  audit,
  machineListing,
  scheduler,
  events,
  secretReferences,
  keptAnswers,
  sourceSettings,
  verifiedPoints,
  overview,
  contacts,
  cutoverTimes,
];
