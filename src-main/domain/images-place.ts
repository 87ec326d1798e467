/** `by-name`: `web`, `web_1` and `web-disk2` are disks of the machine web. `each-alone`: each file is a machine. */
export type ImageGrouping = 'by-name' | 'each-alone';

/** Where the disk images of a source lie: all of a folder, or chosen files. Absolute paths. */
export type ImagesPlace = { grouping: ImageGrouping } & ({ folder: string; files?: undefined } | { files: string[]; folder?: undefined });
