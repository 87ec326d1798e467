import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { uiTexts } from '../texts/ui.ts';
import { EmptyState } from '../ui/states.tsx';

/** A defect in one screen leaves the rest of the client alone. */
export class ScreenBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          title={uiTexts.defectTitle}
          hint={uiTexts.defectHint}
          actions={
            <Button variant="default" onClick={() => this.setState({ failed: false })}>
              {uiTexts.retry}
            </Button>
          }
        />
      </div>
    );
  }
}
