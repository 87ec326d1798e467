/** Electron's entry: the only wiring of desktop/ and the core. */
import { writeSync } from 'node:fs';
import { url as openInspector } from 'node:inspector';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { app, dialog, protocol } from 'electron';
import packageFile from '../package.json' with { type: 'json' };
import { toOctopusError } from '../workers/octopus-error.ts';
import { refusedDebugger } from './desktop/debuggers.ts';
import { readDesktopOptions } from './desktop/desktop-options.ts';
import { openLogFile } from './desktop/log-file.ts';
import { type Desktop, openDesktop } from './desktop/open-desktop.ts';
import { scheme } from './desktop/page.ts';
import { texts } from './desktop/texts.ts';
import { createUnknownError, RECENT } from './desktop/unknown-error.ts';
import { createLog } from './rest/request-log.ts';
import { openCore } from './serve/open-core.ts';

// As scripts/node-flags.mjs says: a thread that ends while V8 compiles in the background may hang for ever (nodejs/node#54918). Electron runs
// threads on Node's own platform. V8 reads these flags when a thread starts.
for (const flag of ['--no-concurrent-recompilation', '--no-concurrent-sparkplug']) setFlagsFromString(flag);
// Chromium's own switch, without which it does not run as root (in tests); enableSandbox() would take it away from its helpers.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox();
protocol.registerSchemesAsPrivileged([
  { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } },
]);

/** To the terminal that it was started from, if there is one. */
function say(stream: 1 | 2, line: string): void {
  try {
    writeSync(stream, `${line}\n`);
  } catch {
    // Nobody listens.
  }
}

function start(): void {
  const refused = refusedDebugger(process.argv.slice(1), { isPackaged: app.isPackaged, isNodeOpen: openInspector() !== undefined });
  if (refused !== undefined) {
    // Before Chromium opens the port: it does so once this script was read.
    say(2, texts.noDebugger(refused));
    app.exit(2);
    return;
  }
  const options = readDesktopOptions(process.argv.slice(1));
  const { dataFolder } = options;
  const logs = join(dataFolder, 'logs');
  // Chromium's own files; the lock of the single instance is among them, and so goes with the data.
  app.setPath('userData', join(dataFolder, 'desktop'));
  app.setPath('crashDumps', join(dataFolder, 'desktop', 'crashes'));
  app.setAppLogsPath(logs);
  if (!app.requestSingleInstanceLock()) {
    say(1, texts.runsAlready(dataFolder));
    app.exit(0);
    return;
  }
  const log = createLog('info', openLogFile(logs));
  const { version } = packageFile;
  log.info({ version, electron: process.versions.electron, node: process.versions.node }, 'starting');
  let desktop: Desktop | undefined;
  listenForErrors();

  const bundles = dirname(fileURLToPath(import.meta.url));
  app.on('second-instance', () => desktop?.focus());
  app.whenReady().then(() => {
    desktop = openDesktop({
      folders: { bundles, resources: join(app.getAppPath(), 'resources'), logs },
      log,
      version,
      hidden: options.hidden,
      dataFolder,
      passphraseFile: options.passphraseFile,
      openCore: (openVault) =>
        openCore({
          dataFolder,
          openVault,
          log,
          version,
          environment: process.env,
          onRecovered: (all) => {
            for (const { what, outcome, message } of all) log.info({ what, outcome }, message);
          },
        }),
      async openRest(core) {
        const { openCoreRest } = await import('./serve/open-application.ts');
        const rest = await openCoreRest(core, { rest: { webClient: { folder: join(bundles, 'renderer') } }, log, version });
        log.info({ url: rest.url }, 'the REST API and the web client are served');
        return { origin: new URL(rest.url).origin, close: () => rest.close() };
      },
    });
  });

  function listenForErrors(): void {
    process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise failed and nobody minded'));
    // The terminal that it was started from is gone: nothing to say there any more.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
    let visible = true;
    const unknown = createUnknownError({
      async stop() {
        visible = desktop?.isVisible() ?? true;
        await desktop?.stop();
      },
      async ask(signal) {
        await app.whenReady();
        const { response } = await dialog.showMessageBox({
          type: 'error',
          message: texts.unknownError,
          detail: texts.unknownErrorDetail,
          buttons: [texts.startAgain, texts.quit],
          cancelId: 0,
          ...(signal ? { signal } : {}),
        });
        return response === 1 ? 'quit' : 'again';
      },
      recently: options.afterError !== undefined && Date.now() - options.afterError < RECENT,
      again() {
        const given = process.argv.slice(1).filter((argument) => argument !== '--hidden' && !argument.startsWith('--after-error'));
        app.relaunch({ args: [...given, ...(visible ? [] : ['--hidden']), `--after-error=${Date.now()}`] });
      },
      exit: () => app.exit(1),
      log: (error, what) => log.fatal({ err: error }, what),
      wait: (milliseconds, signal) => wait(milliseconds, undefined, { signal }),
    });
    process.on('uncaughtException', (error) => {
      // It ends anyway.
      if (desktop?.isEnding()) log.error({ err: error }, 'an error that nobody caught');
      else void unknown(error);
    });
  }
}

try {
  start();
} catch (error) {
  // Wrong arguments, or a data folder that cannot be used.
  dialog.showErrorBox('Octopus', toOctopusError(error).message);
  app.exit(2);
}
