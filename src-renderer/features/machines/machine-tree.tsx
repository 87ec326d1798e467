import { ActionIcon, SegmentedControl } from '@mantine/core';
import {
  IconChevronDown,
  IconChevronRight,
  IconFolder,
  IconLayoutSidebarLeftCollapse,
  IconPlugConnected,
  IconServer2,
  IconStack2,
} from '@tabler/icons-react';
import { type KeyboardEvent, memo, useMemo, useRef, useState } from 'react';
import { useShallow } from 'zustand/react/shallow';
import type { Output } from '../../../src-preload/contract/routes.ts';
import { filterMachines, useMachineFilter, useMachinePane } from '../../stores/machine-filter.ts';
import { machineTexts } from '../../texts/machines.ts';
import { formatNumber } from '../../ui/format.ts';
import { toggled } from '../../ui/selection.ts';
import classes from './machine-tree.module.css';
import { type Branches, isPlace, type TreeNode, treeStep, visibleNodes } from './tree-nodes.ts';

const texts = machineTexts.tree;
const icons = { all: IconServer2, source: IconPlugConnected, folder: IconFolder, cluster: IconStack2 };

/** Folders or clusters of every source, with how many machines they hold and what share of them is protected. */
export const MachineTree = memo(function MachineTree({ tree }: { tree: Output<'vms.tree'> }) {
  const by = useMachinePane((pane) => pane.by);
  const filter = useMachineFilter(useShallow(({ sourceId, folder, cluster }) => ({ sourceId, folder, cluster })));
  const [flipped, setFlipped] = useState<ReadonlySet<string>>(new Set());
  const nodes = useMemo(() => visibleNodes(tree, by, flipped, texts.all), [tree, by, flipped]);
  const shown = nodes.findIndex(({ place }) => isPlace(place, filter));
  const [focused, setFocused] = useState<string>();
  const list = useRef<HTMLDivElement>(null);
  const stop = Math.max(
    0,
    nodes.findIndex(({ id }, index) => (focused === undefined ? index === shown : id === focused)),
  );
  const flip = (id: string) => setFlipped((before) => toggled(before, id));

  function onKeyDown(event: KeyboardEvent<HTMLDivElement>): void {
    const node = nodes[stop];
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') filterMachines(node.place);
    else {
      const step = treeStep(nodes, stop, event.key);
      if (!step) return;
      if ('flip' in step) flip(step.flip);
      else {
        setFocused(nodes[step.to]?.id);
        (list.current?.children[step.to] as HTMLElement | undefined)?.focus();
      }
    }
    event.preventDefault();
  }

  return (
    <div className={classes.pane}>
      <div className={classes.head}>
        <SegmentedControl
          aria-label={texts.by}
          value={by}
          onChange={(value) => useMachinePane.setState({ by: value as Branches })}
          data={[
            { value: 'folders', label: texts.folders },
            { value: 'clusters', label: texts.clusters },
          ]}
        />
        <ActionIcon aria-label={texts.hide} title={texts.hide} onClick={() => useMachinePane.setState({ tree: false })}>
          <IconLayoutSidebarLeftCollapse size={17} stroke={1.7} />
        </ActionIcon>
      </div>
      <div className={classes.tree} role="tree" aria-label={texts.title} ref={list} onKeyDown={onKeyDown}>
        {nodes.map((node, index) => (
          <Node
            key={node.id}
            node={node}
            selected={index === shown}
            focusable={index === stop}
            onFlip={flip}
            onFocus={() => setFocused(node.id)}
          />
        ))}
      </div>
    </div>
  );
});

interface NodeProps {
  node: TreeNode;
  selected: boolean;
  focusable: boolean;
  onFlip: (id: string) => void;
  onFocus: () => void;
}

function Node({ node, selected, focusable, onFlip, onFocus }: NodeProps) {
  const { open, machines, safe } = node;
  const Icon = icons[node.kind];
  const Chevron = open ? IconChevronDown : IconChevronRight;
  const share = machines === 0 ? 0 : safe / machines;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
    <div
      className={classes.node}
      role="treeitem"
      aria-level={node.level}
      aria-expanded={open}
      aria-selected={selected}
      aria-label={texts.node(node.name, formatNumber(machines), texts.protectedOf(safe, machines))}
      title={`${node.name}\n${texts.protectedOf(safe, machines)}`}
      tabIndex={focusable ? 0 : -1}
      style={{ paddingInlineStart: (node.level - 1) * 14 + 2 }}
      onClick={() => filterMachines(node.place)}
      onFocus={onFocus}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: arrow keys do the same */}
      <span
        className={classes.chevron}
        onClick={(event) => {
          if (open === undefined) return;
          event.stopPropagation();
          onFlip(node.id);
        }}
      >
        {open === undefined ? null : <Chevron size={13} aria-hidden />}
      </span>
      <Icon size={15} stroke={1.6} className={classes.icon} aria-hidden />
      {/* With a space after it: one who says what they see must be understood. */}
      <span className={classes.name}>{node.name} </span>
      <span className={classes.share} aria-hidden>
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span className={classes.count}>{formatNumber(machines)}</span>
    </div>
  );
}
