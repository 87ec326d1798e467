import { toOctopusError } from '../../../workers/octopus-error.ts';
import type { ImagesPlace } from '../../domain/images-place.ts';
import type { ProbeStep } from '../probe-step.ts';
import { formatOf } from './find-images.ts';
import { findImagePrograms, type ImagePrograms, toolsNeeded } from './image-programs.ts';
import { createImagesSource } from './images-source.ts';

export interface ImagesProbe {
  ok: boolean;
  steps: ProbeStep<'folder' | 'tools' | 'images'>[];
  images?: { machines: number; disks: number; bytes: number; skipped: { file: string; why: string }[] };
}

const MOST_SKIPPED = 100;

/** Looks at a folder or files as a source would; stores nothing and changes nothing. */
export async function probeImages(
  place: ImagesPlace,
  signal?: AbortSignal,
  programs: ImagePrograms = findImagePrograms(),
): Promise<ImagesProbe> {
  const steps: ImagesProbe['steps'] = [];
  await using source = createImagesSource({ place, id: 'probe', programs });
  try {
    const machines = await source.inventory(signal);
    const where = place.files ? `The ${place.files.length} chosen files` : `The folder ${place.folder}`;
    steps.push({ id: 'folder', outcome: 'passed', text: `${where} can be read.` });
    const disks = machines.flatMap((machine) => machine.disks);
    const whole = disks.filter(({ excluded }) => excluded === undefined);
    const needTools = disks.some(({ path }) => formatOf(path) !== 'raw');
    const ready = programs.image !== undefined && programs.nbd !== undefined;
    if (ready) steps.push({ id: 'tools', outcome: 'passed', text: 'Images of all kinds can be read: QEMU’s tools are installed.' });
    else if (!needTools) steps.push({ id: 'tools', outcome: 'passed', text: `Raw images need no tool. For others, ${toolsNeeded}.` });
    else steps.push({ id: 'tools', outcome: whole.length > 0 ? 'passed' : 'failed', text: `For images that are not raw, ${toolsNeeded}.` });
    const skipped = [
      ...(place.files ?? [])
        .filter((file) => formatOf(file) === undefined)
        .map((file) => ({ file, why: 'Its ending is none of a disk image.' })),
      ...disks.filter(({ excluded }) => excluded !== undefined).map(({ path, excluded }) => ({ file: path, why: excluded ?? '' })),
    ];
    const able = machines.filter((machine) => machine.disks.some(({ excluded }) => excluded === undefined));
    const told = `${count(able.length, 'machine')} with ${count(whole.length, 'disk')}`;
    if (whole.length > 0) {
      const more = skipped.length > 0 ? `; ${count(skipped.length, 'file')} cannot be read` : '';
      steps.push({ id: 'images', outcome: 'passed', text: `There are disk images of ${told}${more}.` });
    } else {
      const text =
        skipped.length > 0 ? 'None of the disk images can be read.' : 'There is no disk image (raw, img, qcow2, vmdk, vhd, vhdx).';
      steps.push({ id: 'images', outcome: 'failed', text, ...(skipped[0] ? { detail: `${skipped[0].file}: ${skipped[0].why}` } : {}) });
    }
    const bytes = whole.reduce((sum, { capacity }) => sum + capacity, 0);
    const images = { machines: able.length, disks: whole.length, bytes, skipped: skipped.slice(0, MOST_SKIPPED) };
    return { ok: steps.every(({ outcome }) => outcome !== 'failed'), steps, images };
  } catch (error) {
    signal?.throwIfAborted();
    const { message } = toOctopusError(error);
    const untried = ['tools', 'images'] as const;
    steps.push({ id: 'folder', outcome: 'failed', text: message });
    steps.push(...untried.map((id) => ({ id, outcome: 'not-tried' as const, text: 'Not tried.' })));
    return { ok: false, steps };
  }
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`;
