import {
  type CSSVariablesResolver,
  createTheme,
  type MantineColorScheme,
  type MantineColorSchemeManager,
  type MantineColorsTuple,
} from '@mantine/core';
import { type Appearance, usePreferences } from './stores/preferences.ts';

/** The one accent colour. #0f766e on white has a contrast of 5.5 to 1. */
const teal: MantineColorsTuple = [
  '#f0fdfa',
  '#ccfbf1',
  '#99f6e4',
  '#5eead4',
  '#2dd4bf',
  '#14b8a6',
  '#0d9488',
  '#0f766e',
  '#115e59',
  '#134e4a',
];
const dark: MantineColorsTuple = [
  '#e4e7ea',
  '#c2c8cd',
  '#a3abb2',
  '#717b84',
  '#434c54',
  '#343c43',
  '#272d33',
  '#1a1f24',
  '#14181c',
  '#0f1215',
];

const small = { defaultProps: { size: 'xs' } };

export const theme = createTheme({
  primaryColor: 'teal',
  primaryShade: { light: 7, dark: 7 },
  colors: { teal, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '15px', xl: '18px' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.45', xl: '1.4' },
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '18px', lineHeight: '1.3' },
      h2: { fontSize: '15px', lineHeight: '1.35' },
      h3: { fontSize: '13px', lineHeight: '1.4' },
      h4: { fontSize: '13px', lineHeight: '1.4' },
    },
  },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  autoContrast: false,
  components: {
    Button: small,
    TextInput: small,
    PasswordInput: small,
    NumberInput: small,
    Select: small,
    MultiSelect: small,
    Textarea: small,
    Checkbox: small,
    Radio: small,
    Switch: small,
    SegmentedControl: small,
    Tabs: { defaultProps: { keepMounted: false } },
    Modal: {
      defaultProps: {
        centered: true,
        overlayProps: { backgroundOpacity: 0.35 },
        shadow: 'none',
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Drawer: {
      defaultProps: {
        position: 'right',
        shadow: 'none',
        overlayProps: { backgroundOpacity: 0.35 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    // A page has one banner: theirs would be others.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    DrawerHeader: { defaultProps: { role: 'presentation' } },
    // The placeholder is a child that a menu may not have: its first item takes the focus.
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    Menu: { defaultProps: { shadow: 'none', withinPortal: true, withInitialFocusPlaceholder: false } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: false } },
    ActionIcon: { defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } },
    Paper: { defaultProps: { withBorder: true, shadow: 'none' } },
    Alert: { defaultProps: { variant: 'light' } },
  },
});

/** Mantine's quieter colours do not reach the contrast that WCAG asks for (4.5 to 1). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#525a61',
    '--mantine-color-placeholder': '#6b7379',
    '--mantine-color-error': '#c92a2a',
    '--octopus-line': '#dfe3e6',
    '--octopus-panel': '#f6f8f9',
    '--octopus-hover': '#eef2f3',
    '--octopus-selected': '#d9f3ee',
    '--octopus-good': '#0f766e',
    '--octopus-busy': '#1c64b0',
    '--octopus-warn': '#9a5b00',
    '--octopus-bad': '#c92a2a',
    '--octopus-idle': '#626b72',
  },
  dark: {
    '--mantine-color-dimmed': '#a3abb2',
    '--mantine-color-placeholder': '#868f97',
    '--mantine-color-error': '#ff8787',
    '--octopus-line': '#323940',
    '--octopus-panel': '#15191d',
    '--octopus-hover': '#242a30',
    '--octopus-selected': '#123c39',
    '--octopus-good': '#2dd4bf',
    '--octopus-busy': '#74b6f5',
    '--octopus-warn': '#f0b35a',
    '--octopus-bad': '#ff8787',
    '--octopus-idle': '#a3abb2',
  },
});

const schemeOf = (appearance: Appearance): MantineColorScheme => (appearance === 'system' ? 'auto' : appearance);

/** Light or dark stands in the preferences, with what else a person likes. */
export function preferencesScheme(): MantineColorSchemeManager {
  let stop = () => {};
  return {
    get: () => schemeOf(usePreferences.getState().appearance),
    set: (scheme) => usePreferences.setState({ appearance: scheme === 'auto' ? 'system' : scheme }),
    subscribe(onUpdate) {
      stop = usePreferences.subscribe(({ appearance }, before) => {
        if (appearance !== before.appearance) onUpdate(schemeOf(appearance));
      });
    },
    unsubscribe: () => stop(),
    clear: () => usePreferences.setState({ appearance: 'system' }),
  };
}
