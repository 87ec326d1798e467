import { Button, Select, TextInput } from '@mantine/core';
import { IconSearch, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useRoute } from '../../api/queries.tsx';
import { activityTexts as texts } from '../../texts/activity.ts';
import classes from './activity.module.css';
import {
  type ActivityFilter,
  everything,
  filterActivity,
  fromLocalInput,
  isFiltered,
  type Span,
  spanFrom,
  toLocalInput,
  useActivityFilter,
} from './activity-filter.ts';

const choices = (words: Readonly<Record<string, string>>) => Object.entries(words).map(([value, label]) => ({ value, label }));
const areas = choices(texts.areas);
const outcomes = choices(texts.outcomes);
const times = choices(texts.times);
/** Milliseconds after the last key. */
const PAUSE = 200;

export function Filters() {
  const filter = useActivityFilter();
  const users = useRoute('users.list');
  const people = [{ value: '', label: texts.anyone }, ...(users.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))];
  return (
    <search className={classes.filters}>
      <SearchInput />
      <Select
        aria-label={texts.actor}
        data={people}
        value={filter.actor}
        onChange={(actor) => filterActivity({ actor: actor ?? '' })}
        searchable
        allowDeselect={false}
        w={150}
      />
      <Select
        aria-label={texts.area}
        data={areas}
        value={filter.action}
        onChange={(action) => filterActivity({ action: action ?? '' })}
        allowDeselect={false}
        w={130}
      />
      <Select
        aria-label={texts.outcome}
        data={outcomes}
        value={filter.outcome}
        onChange={(outcome) => filterActivity({ outcome: (outcome ?? '') as ActivityFilter['outcome'] })}
        allowDeselect={false}
        w={130}
      />
      <Select
        aria-label={texts.time}
        data={times}
        value={filter.span}
        onChange={(span) => filterActivity(spanFrom((span ?? '') as Span, Date.now()))}
        allowDeselect={false}
        w={130}
      />
      {filter.span === 'between' ? (
        <>
          <Moment label={texts.from} value={filter.from} onChange={(from) => filterActivity({ from })} />
          <Moment label={texts.to} value={filter.to} onChange={(to) => filterActivity({ to })} />
        </>
      ) : null}
      {filter.subject ? (
        <Button variant="default" rightSection={<IconX size={14} aria-hidden />} onClick={() => filterActivity({ subject: undefined })}>
          {texts.subjectOnly(`${filter.subject.kind} ${filter.subject.id.slice(0, 8)}`)}
        </Button>
      ) : null}
      {isFiltered(filter) ? (
        <Button variant="subtle" onClick={() => filterActivity(everything)}>
          {texts.clear}
        </Button>
      ) : null}
    </search>
  );
}

/** Asked for after a short pause: not with every key. */
function SearchInput() {
  const text = useActivityFilter((filter) => filter.text);
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    const timer = setTimeout(() => filterActivity({ text: typed }), PAUSE);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <TextInput
      type="search"
      aria-label={texts.search}
      placeholder={texts.searchHint}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      className={classes.search}
    />
  );
}

/** The browser's own: it knows the person's calendar and clock. */
function Moment({ label, value, onChange }: { label: string; value: string; onChange: (iso: string) => void }) {
  const [typed, setTyped] = useState(toLocalInput(value));
  return (
    <TextInput
      type="datetime-local"
      aria-label={label}
      value={typed}
      onChange={(event) => {
        const { value: next } = event.currentTarget;
        setTyped(next);
        const iso = fromLocalInput(next);
        if (iso !== '' || next === '') onChange(iso);
      }}
      w={175}
    />
  );
}
