import { useRoute } from '../../api/queries.tsx';
import { migrationTexts } from '../../texts/migration.ts';

/** What people call the disks of a machine; a disk that is gone by its number. */
export function useDiskNames(machineId: string): (key: number) => string {
  const { data } = useRoute('vms.get', { params: { id: machineId } });
  return (key) => data?.disks.find((disk) => disk.key === key)?.label ?? migrationTexts.point.disk(key);
}
