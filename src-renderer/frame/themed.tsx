import { MantineProvider } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { cssVariables, preferencesScheme, theme } from '../theme.ts';

/** The look of all pages, light or dark as the person prefers. `nonce`: what the page's policy lets styles in by. */
export function Themed({ nonce, children }: { nonce: string | undefined; children: ReactNode }) {
  const [scheme] = useState(preferencesScheme);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={scheme}
      defaultColorScheme="auto"
      {...(nonce === undefined ? {} : { getStyleNonce: () => nonce })}
    >
      {children}
    </MantineProvider>
  );
}
