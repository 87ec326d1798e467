import { Button, Drawer } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { go } from '../../go.ts';
import type { ScreenProps } from '../../screen-props.ts';
import { useRowHeight } from '../../stores/preferences.ts';
import { useCaller } from '../../stores/session.ts';
import { screenTexts } from '../../texts/screens.ts';
import { usersTexts as texts, userFormTexts } from '../../texts/users.ts';
import { formatDay } from '../../ui/format.ts';
import { Notice } from '../../ui/notice.tsx';
import { PageHeader } from '../../ui/page-header.tsx';
import { SearchedTable } from '../../ui/searched-table.tsx';
import { Loaded } from '../../ui/states.tsx';
import { When } from '../../ui/values.tsx';
import type { Column } from '../../ui/virtual-table.tsx';
import { AddUser } from './add-user.tsx';
import { roles } from './role-field.tsx';
import { UserDetails } from './user-details.tsx';
import { type User, UserState } from './user-state.tsx';
import classes from './users.module.css';

const columns: readonly Column<User>[] = [
  { id: 'name', title: texts.columns.name, width: 140, grow: true, cell: (user) => <Name user={user} /> },
  { id: 'role', title: texts.columns.role, width: 116, cell: ({ role }) => texts.roles[role] },
  { id: 'state', title: texts.columns.state, width: 210, cell: (user) => <UserState user={user} /> },
  { id: 'source', title: texts.columns.source, width: 86, cell: ({ source }) => texts.sources[source] },
  { id: 'last', title: texts.columns.lastSignIn, width: 110, cell: ({ lastSignInAt }) => <When at={lastSignInAt} none={texts.never} /> },
  {
    id: 'since',
    title: texts.columns.created,
    width: 108,
    cell: ({ createdAt }) => <span className="tabular">{formatDay(createdAt)}</span>,
  },
];

function Name({ user: { id, name } }: { user: User }) {
  const self = useCaller().id === id;
  return (
    <>
      {name}
      {self ? <span className={classes.you}> ({texts.you})</span> : null}
    </>
  );
}

const none: readonly User[] = [];
const idOf = ({ id }: User) => id;
const nameOf = ({ name }: User) => name;

/** A lock comes and ends without an event: strangers could fill the log with those. */
const LOOK_AGAIN_MS = 60_000;

const add = () => go('/users/new');
const close = () => go('/users');

/** Who may sign in, and what they may do. */
export default function Users({ params }: ScreenProps) {
  const users = useRoute('users.list', {}, { every: LOOK_AGAIN_MS });
  const rowHeight = useRowHeight();
  const [opened, setOpened] = useState<string>();
  const all = users.data?.items ?? none;
  const chosen = all.find(({ id }) => id === opened);
  return (
    <>
      <PageHeader
        title={screenTexts.users}
        actions={
          <Button leftSection={<IconPlus size={15} aria-hidden />} onClick={add}>
            {texts.add}
          </Button>
        }
      />
      <Loaded of={users}>
        {() => (
          <>
            {all.length === 1 ? (
              <div className={classes.hint}>
                <Notice tone="info">{texts.onlyYou}</Notice>
              </div>
            ) : null}
            <SearchedTable
              label={texts.list}
              words={texts}
              columns={columns}
              rows={all}
              textOf={nameOf}
              short={all.length === 1}
              rowId={idOf}
              rowName={nameOf}
              rowHeight={rowHeight}
              onOpen={({ id }) => setOpened(id)}
            />
            <Roles />
          </>
        )}
      </Loaded>
      <Drawer opened={params.part === 'new'} onClose={close} title={userFormTexts.addTitle} size={460}>
        <AddUser onDone={close} />
      </Drawer>
      <Drawer opened={chosen !== undefined} onClose={() => setOpened(undefined)} title={chosen?.name ?? ''} size={460}>
        {chosen ? <UserDetails user={chosen} all={all} /> : null}
      </Drawer>
    </>
  );
}

function Roles() {
  return (
    <section className={classes.roles} aria-label={texts.may.title}>
      <h2>{texts.may.title}</h2>
      {[...roles].reverse().map((role) => (
        <div key={role}>
          <h3>{texts.roles[role]}</h3>
          <ul>
            {texts.may[role].map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
