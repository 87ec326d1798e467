import { Button, Menu } from '@mantine/core';
import { IconBraces, IconDownload, IconTable } from '@tabler/icons-react';
import { useState } from 'react';
import { toClientError } from '../../api/client-error.ts';
import { useClient } from '../../api/queries.tsx';
import { notifyDone, notifyFailed, notifyInfo } from '../../notify.tsx';
import { activityTexts as texts } from '../../texts/activity.ts';
import { queryOf, useActivityFilter } from './activity-filter.ts';
import { saveText } from './save-text.ts';

const formats = {
  csv: { ending: 'csv', type: 'text/csv;charset=utf-8' },
  json: { ending: 'jsonl', type: 'application/x-ndjson;charset=utf-8' },
};

/** What the filters let through, as a file. */
export function ExportMenu() {
  const client = useClient();
  const [busy, setBusy] = useState(false);
  async function save(format: keyof typeof formats): Promise<void> {
    const { ending, type } = formats[format];
    setBusy(true);
    try {
      const { text, complete } = await client.call('activity.export', { query: { ...queryOf(useActivityFilter.getState()), format } });
      const file = `octopus-activity-${new Date().toISOString().slice(0, 16).replace(/[-:]/g, '')}.${ending}`;
      saveText(file, text, type);
      if (complete) notifyDone(texts.exported(file));
      else notifyInfo(texts.partly(file));
    } catch (error) {
      notifyFailed(toClientError(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={15} aria-hidden />} loading={busy}>
          {texts.export}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconTable size={15} />} onClick={() => void save('csv')}>
          {texts.csv}
        </Menu.Item>
        <Menu.Item leftSection={<IconBraces size={15} />} onClick={() => void save('json')}>
          {texts.json}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
