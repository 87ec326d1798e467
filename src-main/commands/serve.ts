import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };
import { createLog, type LogLevel, logLevels } from '../rest/request-log.ts';
import type { RestSettings } from '../rest/rest-settings.ts';
import { openApplication } from '../serve/open-application.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { readNamed, requireFolderOf } from './named-file.ts';
import { type OptionValues, parseOptions } from './parse-options.ts';
import { vaultHelp, vaultOption } from './vault-option.ts';

const usage = [
  '[--data DIR] [--port N] [--port-file F] [--address A] [--tls-cert F --tls-key F] [--host NAME] [--path-prefix PATH] [--trust-proxy ADDRESS]',
  '[--metrics-token-file F] [--vault keychain|file] [--passphrase-file F] [--log-level LEVEL]',
].join(' ');

const options = {
  data: { value: 'DIR', help: 'where the database is kept (default: ~/.octopus)' },
  port: { value: 'N', help: 'TCP port; 0 for a free one (default: the setting rest.port)' },
  'port-file': { value: 'F', help: 'writes the port to this file once the server listens; it is removed at the end' },
  address: {
    value: 'A',
    help: 'address to listen on (default: the setting rest.address, which is 127.0.0.1);\nany that others can reach needs TLS',
  },
  'tls-cert': { value: 'F', help: 'certificate with its chain, PEM' },
  'tls-key': { value: 'F', help: 'its private key, PEM' },
  host: { value: 'NAME', multiple: true, help: 'a name that clients reach this server by, besides localhost; may be given several times' },
  'path-prefix': { value: 'PATH', help: 'what a reverse proxy leaves in front of every path, such as /octopus' },
  'trust-proxy': {
    value: 'ADDRESS',
    multiple: true,
    help: 'address or network of a reverse proxy whose X-Forwarded-* headers are believed; may be given several times',
  },
  'metrics-token-file': { value: 'F', help: 'its first line is a token that reads /metrics and nothing else' },
  vault: { value: 'keychain|file', help: vaultHelp },
  'passphrase-file': { value: 'F', help: 'its first line is the passphrase of that file; without it the terminal asks' },
  'log-level': { value: 'LEVEL', help: `${logLevels.join(', ')} (default: info); the log goes to standard error, a JSON object a line` },
} as const satisfies OptionTable;

type Values = OptionValues<typeof options>;

export const serveCommand: Command & { options: typeof options } = {
  name: 'serve',
  usage,
  summary: 'Runs Octopus without its window: the REST API with its documentation at /api/docs, schedules, replication.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(serveCommand, args);
    const rest = await restSettings(values);
    const log = createLog(logLevel(values), { write: (line) => void process.stderr.write(line) });
    const folder = values.data ?? join(homedir(), '.octopus');
    const openVault = await vaultOption(
      values.vault,
      { option: 'passphrase-file', path: values['passphrase-file'] },
      folder,
      terminal.signal,
    );
    const portFile = values['port-file'];
    if (portFile !== undefined) await requireFolderOf('port-file', portFile);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await using application = await openApplication({
      dataFolder: folder,
      openVault,
      rest,
      log,
      version: packageFile.version,
      environment: process.env,
      onRecovered: (all) => {
        for (const { what, outcome, message } of all) log.info({ what, outcome }, message);
      },
    });
    const { url, port } = application.rest;
    if (portFile !== undefined) await writeWhole(portFile, `${port}\n`);
    try {
      terminal.out(`Octopus serves ${url}; its documentation is at ${url.replace(/v1$/, 'docs')}`);
      if (rest.webClient) terminal.out(`The web client is at ${url.replace(/api\/v1$/, '')}`);
      const token = await application.identity.issueSetUpToken();
      if (token !== undefined) {
        terminal.out(`Nobody can sign in yet. Make the administrator with this token, which is shown only now: ${token}`);
      }
      if (!terminal.signal.aborted) {
        await new Promise<void>((resolve) => terminal.signal.addEventListener('abort', () => resolve(), { once: true }));
      }
      terminal.err('Stopping: what is running comes to a checkpoint first.');
    } finally {
      if (portFile !== undefined) await rm(portFile, { force: true });
    }
    await application.close();
    return 0;
  },
};

/** Beside the bundle, or where the build puts it when this runs from its source; none where it was not built. */
function builtClient(): { folder: string } | undefined {
  const here = import.meta.dirname;
  const folders = [join(here, 'renderer'), join(here, '..', '..', 'dist', 'renderer')];
  const folder = folders.find((one) => existsSync(join(one, 'index.html')));
  return folder === undefined ? undefined : { folder };
}

async function restSettings(values: Values): Promise<Partial<RestSettings>> {
  const settings: Partial<RestSettings> = { webClient: builtClient() };
  if (values.port !== undefined) {
    if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
      throw usageError('port', `--port is a whole number from 0 to 65535, not '${values.port}'.`);
    }
    settings.port = Number(values.port);
  }
  const [cert, key] = [values['tls-cert'], values['tls-key']];
  if ((cert === undefined) !== (key === undefined)) throw usageError('tls-cert', 'Give --tls-cert and --tls-key together.');
  if (cert !== undefined && key !== undefined)
    settings.tls = { cert: await readNamed('tls-cert', cert), key: await readNamed('tls-key', key) };
  if (values.address !== undefined) settings.address = values.address;
  if (values.host !== undefined) settings.hostNames = values.host;
  if (values['path-prefix'] !== undefined) settings.pathPrefix = values['path-prefix'];
  if (values['trust-proxy'] !== undefined) settings.trustedProxies = values['trust-proxy'];
  if (values['metrics-token-file'] !== undefined) {
    const token = (await readNamed('metrics-token-file', values['metrics-token-file'])).split(/\r?\n/, 1)[0] ?? '';
    if (!/^[\x21-\x7e]{16,}$/.test(token))
      throw usageError('metrics-token-file', 'The token for metrics has 16 printable characters or more.');
    settings.metricsToken = token;
  }
  return settings;
}

function logLevel(values: Values): LogLevel {
  const level = values['log-level'] ?? 'info';
  const found = logLevels.find((known) => known === level);
  if (!found) throw usageError('log-level', `--log-level is one of ${logLevels.join(', ')}, not '${level}'.`);
  return found;
}

/** Complete or not there at all: others wait for this file. */
async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}
