import { Button, Skeleton, Stack } from '@mantine/core';
import { IconAlertTriangle, IconPlugConnectedX } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import type { ClientError } from '../api/client-error.ts';
import { uiTexts } from '../texts/ui.ts';
import classes from './ui.module.css';

type Icon = ComponentType<{ size?: number | string; stroke?: number }>;

/** Nothing is here yet: why, and what to do about it. */
export function EmptyState(props: { icon?: Icon; title: ReactNode; hint?: ReactNode; actions?: ReactNode }) {
  const { icon: Icon } = props;
  return (
    <div className={classes.state}>
      {Icon ? (
        <span className={classes.stateIcon} aria-hidden>
          <Icon size={32} stroke={1.4} />
        </span>
      ) : null}
      <h2>{props.title}</h2>
      {props.hint === undefined ? null : <p>{props.hint}</p>}
      {props.actions === undefined ? null : <div className={classes.stateActions}>{props.actions}</div>}
    </div>
  );
}

/** The filters let nothing through: a way back to all. */
export function NoneFound(props: { icon?: Icon; title: string; hint?: string; clear: string; onClear: () => void }) {
  const { clear, onClear, ...state } = props;
  const actions = (
    <Button variant="default" onClick={onClear}>
      {clear}
    </Button>
  );
  return <EmptyState {...state} actions={actions} />;
}

function titleOf(error: Pick<ClientError, 'code'>): string {
  if (error.code === 'client.offline') return uiTexts.offlineTitle;
  if (error.code === 'auth.forbidden') return uiTexts.forbiddenTitle;
  if (error.code === 'not.found') return uiTexts.missingTitle;
  return uiTexts.failedTitle;
}

/** It could not be loaded: what to do, and a way to try again. */
export function ErrorState({
  error,
  onRetry,
  title,
}: {
  error: Pick<ClientError, 'code' | 'message'>;
  onRetry?: () => void;
  title?: string;
}) {
  const Icon = error.code === 'client.offline' ? IconPlugConnectedX : IconAlertTriangle;
  return (
    <div className={classes.state} role="alert" data-bad>
      <span className={classes.stateIcon} aria-hidden>
        <Icon size={32} stroke={1.4} />
      </span>
      <h2>{title ?? titleOf(error)}</h2>
      <p>{error.message}</p>
      {onRetry && error.code !== 'not.found' ? (
        <div className={classes.stateActions}>
          <Button variant="default" onClick={onRetry}>
            {uiTexts.retry}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

/** Where rows will be. */
export function LoadingRows({ rows = 8, height = 14 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={12} role="status" aria-label={uiTexts.loading}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else
        <Skeleton key={index} height={height} width={`${92 - ((index * 17) % 40)}%`} />
      ))}
    </Stack>
  );
}

interface Answer<Data> {
  data: Data | undefined;
  error: ClientError | null;
  refetch: () => unknown;
}

/** What was asked for, once it is there; until then its skeleton, or why it is not. */
export function Loaded<Data>({ of, rows, children }: { of: Answer<Data>; rows?: number; children: (data: Data) => ReactNode }) {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return <ErrorState error={of.error} onRetry={() => void of.refetch()} />;
  return <LoadingRows {...(rows === undefined ? {} : { rows })} />;
}
