import { useDebouncedValue } from '@mantine/hooks';
import { createSpotlight, Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch, IconServer2, IconTransfer } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { useRoute } from '../api/queries.tsx';
import { go } from '../go.ts';
import { screens } from '../screens.ts';
import { mayDo, useCaller } from '../stores/session.ts';
import { frameTexts } from '../texts/frame.ts';
import { useAllCommands } from './commands.ts';
import { pathOf } from './navigation.tsx';

const [store, palette] = createSpotlight();

export const openPalette = palette.open;

/** Ctrl+K: goes to every screen, finds machines, and does what the screens registered. */
export function Palette() {
  const { role } = useCaller();
  const [text, setText] = useState('');
  const [wanted] = useDebouncedValue(text.trim(), 150);
  const commands = useAllCommands();
  const machines = useRoute('vms.list', { query: { text: wanted, limit: 8 } }, { enabled: wanted.length >= 2, keepPrevious: true });
  const migrations = useRoute(
    'migrations.list',
    { query: { text: wanted, sort: 'machine', limit: 8 } },
    { enabled: wanted.length >= 2, keepPrevious: true },
  );

  const fixed = useMemo((): SpotlightActionGroupData[] => {
    const places = screens
      .filter((screen) => mayDo(role, screen.role) && !screen.path.startsWith('/migrations/'))
      .map(({ id, text: label, navigation, ...screen }): SpotlightActionData => {
        const Icon = navigation?.icon;
        return {
          id: `screen ${id}`,
          label,
          leftSection: Icon ? <Icon size={17} stroke={1.7} /> : undefined,
          rightSection: navigation ? `G ${navigation.key.toUpperCase()}` : undefined,
          onClick: () => go(pathOf({ id, text: label, ...screen })),
        };
      });
    const actions = commands.map(({ id, text: label, icon: Icon, hint, words, run }): SpotlightActionData => {
      return {
        id,
        label,
        description: hint,
        keywords: words,
        leftSection: Icon ? <Icon size={17} stroke={1.7} /> : undefined,
        onClick: run,
      };
    });
    return [
      { group: frameTexts.groups.actions, actions },
      { group: frameTexts.groups.screens, actions: places },
    ];
  }, [commands, role]);

  const found = wanted.length >= 2 ? (machines.data?.items ?? []) : [];
  const all: SpotlightActionGroupData[] = [
    ...fixed,
    {
      group: frameTexts.groups.machines,
      actions: found.map((machine) => ({
        id: `machine ${machine.id}`,
        label: machine.name,
        description: machine.folder,
        // Found by the server: whatever was typed, it fits.
        keywords: text,
        leftSection: <IconServer2 size={17} stroke={1.7} />,
        onClick: () => go(`/machines/${machine.id}`),
      })),
    },
    {
      group: frameTexts.groups.migrations,
      actions: (wanted.length >= 2 ? (migrations.data?.items ?? []) : []).map((migration) => ({
        id: `migration ${migration.id}`,
        label: migration.machineName,
        keywords: text,
        leftSection: <IconTransfer size={17} stroke={1.7} />,
        onClick: () => go(`/migrations/${migration.id}`),
      })),
    },
  ];

  // The library marks the first line when a key is typed; what the server finds comes later, and Enter would do nothing.
  useEffect(() => {
    const list = document.getElementById(store.getState().listId);
    if (text === '' || !list || list.querySelector('[data-selected]')) return;
    const first = list.querySelector('[data-action]');
    if (!first) return;
    first.setAttribute('data-selected', 'true');
    store.updateState((state) => ({ ...state, selected: 0 }));
  });

  return (
    <Spotlight
      store={store}
      actions={all}
      query={text}
      onQueryChange={setText}
      shortcut={['mod + K']}
      nothingFound={frameTexts.nothingFound}
      highlightQuery
      scrollable
      maxHeight={420}
      limit={30}
      centered={false}
      yOffset="12vh"
      // While it faded, a click went into it and not to what it was meant for.
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.35, blur: 0 }}
      attributes={{ content: { 'aria-label': frameTexts.search } }}
      searchProps={{
        leftSection: <IconSearch size={17} aria-hidden />,
        placeholder: frameTexts.searchPlaceholder,
        'aria-label': frameTexts.search,
      }}
    />
  );
}
