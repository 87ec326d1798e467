/** Electron's entry: the only wiring of desktop/ and the core. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, dialog, protocol } from 'electron';
import packageFile from '../package.json' with { type: 'json' };
import { toOctopusError } from '../workers/octopus-error.ts';
import { readDesktopOptions } from './desktop/desktop-options.ts';
import { openLogFile } from './desktop/log-file.ts';
import { openDesktop } from './desktop/open-desktop.ts';
import { scheme } from './desktop/page.ts';
import { createLog } from './rest/request-log.ts';
import { type Core, openCore } from './serve/open-core.ts';
import { openVault } from './vault/open-vault.ts';
import { passphraseFromFile } from './vault/passphrase.ts';

// Chromium's own switch, without which it does not run as root (in tests); enableSandbox() would take it away from its helpers.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
]);

function start(): void {
  const options = readDesktopOptions(process.argv.slice(1));
  const { dataFolder } = options;
  const logs = join(dataFolder, 'logs');
  // Chromium's own files; the lock of the single instance is among them, and so goes with the data.
  app.setPath('userData', join(dataFolder, 'desktop'));
  app.setPath('crashDumps', join(dataFolder, 'desktop', 'crashes'));
  app.setAppLogsPath(logs);
  if (!app.requestSingleInstanceLock()) {
    app.exit(0);
    return;
  }
  const log = createLog('info', openLogFile(logs));
  const { version } = packageFile;
  log.info({ version, electron: process.versions.electron, node: process.versions.node }, 'starting');
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise failed and nobody minded'));
  process.on('uncaughtException', (error) => log.error({ err: error }, 'an error that nobody caught'));

  const openFileOrKeychain = () => {
    const { passphraseFile } = options;
    if (options.vault === 'keychain' || passphraseFile === undefined) return openVault({ mode: 'keychain', folder: dataFolder });
    return openVault({ mode: 'file', folder: dataFolder, passphrase: passphraseFromFile(passphraseFile) });
  };
  const open = (): Promise<Core> =>
    openCore({
      dataFolder,
      openVault: openFileOrKeychain,
      log,
      version,
      environment: process.env,
      onRecovered: (all) => {
        for (const { what, outcome, message } of all) log.info({ what, outcome }, message);
      },
    });
  let desktop: ReturnType<typeof openDesktop> | undefined;
  app.on('second-instance', () => desktop?.focus());
  app.whenReady().then(() => {
    desktop = openDesktop({
      folders: { bundles: dirname(fileURLToPath(import.meta.url)), resources: join(app.getAppPath(), 'resources'), logs },
      log,
      version,
      hidden: options.hidden,
      openCore: open,
      async openRest(core) {
        if (!core.settings.get('rest.enabled')) return undefined;
        const { openCoreRest } = await import('./serve/open-application.ts');
        const rest = await openCoreRest(core, { rest: {}, log, version });
        return { origin: new URL(rest.url).origin, close: () => rest.close() };
      },
    });
  });
}

try {
  start();
} catch (error) {
  // Wrong arguments, or a data folder that cannot be used.
  dialog.showErrorBox('Octopus', toOctopusError(error).message);
  app.exit(2);
}
