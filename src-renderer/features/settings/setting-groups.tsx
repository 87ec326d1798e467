import type { ReactNode } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { settingsTexts as texts } from '../../texts/settings.ts';
import { Notice } from '../../ui/notice.tsx';
import { Section } from '../../ui/page-header.tsx';
import { Loaded } from '../../ui/states.tsx';
import { SettingRow } from './setting-row.tsx';
import { groupsOf } from './setting-value.ts';
import classes from './settings.module.css';

/** All settings of a part, in its groups. `first`: one that stands above the others. */
export function SettingGroups({ part, first, children }: { part: string; first?: string; children?: ReactNode }) {
  const settings = useRoute('settings.list');
  return (
    <Loaded of={settings}>
      {({ items }) => {
        const above = items.find(({ name }) => name === first);
        return (
          <>
            {above ? (
              <div className={classes.list}>
                <SettingRow setting={above} />
              </div>
            ) : null}
            {groupsOf(part, items).map(({ id, settings: rows }) => (
              <Section key={id} title={texts.groups[id]}>
                <div className={classes.list}>
                  {rows.map((setting) => (
                    <SettingRow key={setting.name} setting={setting} />
                  ))}
                </div>
              </Section>
            ))}
            {children}
          </>
        );
      }}
    </Loaded>
  );
}

/** What was changed and does not count yet. */
export function RestartNotice() {
  const waiting = useRoute('settings.list').data?.items.filter(({ restartPending }) => restartPending).length ?? 0;
  if (waiting === 0) return null;
  return (
    <div className={classes.notice}>
      <Notice tone="warn" title={texts.restartTitle(waiting)}>
        {texts.restartHint}
      </Notice>
    </div>
  );
}
