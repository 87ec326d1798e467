import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createAudit } from '../audit/audit.ts';
import { systemClock } from '../domain/clock.ts';
import { createTurns } from '../identity/gate.ts';
import { createUserManagement } from '../identity/manage-users.ts';
import { checkNewPassword, createPasswordHasher } from '../identity/passwords.ts';
import { defaultIdentitySettings } from '../identity/settings.ts';
import { lockFolder } from '../store/lock.ts';
import { openStore } from '../store/store.ts';
import { newPasswordFromPrompt, passphraseFromFile } from '../vault/passphrase.ts';
import { type Command, type OptionTable, usageError } from './command.ts';
import { parseOptions, required } from './parse-options.ts';

const usage = '--data DIR --user NAME [--password-file F]';

const options = {
  data: { value: 'DIR', help: 'the data folder; no Octopus may be running in it' },
  user: { value: 'NAME', help: 'a local user, in any case; people of a directory have their password there' },
  'password-file': { value: 'F', help: 'its first line is the new password; without it the terminal asks' },
} as const satisfies OptionTable;

export const resetPasswordCommand: Command & { options: typeof options } = {
  name: 'reset-password',
  usage,
  summary: 'Gives a user who lost the password another one, ends their sessions and lifts a pause; they change it when they sign in.',
  options,
  async run(args, terminal) {
    const { values } = parseOptions(resetPasswordCommand, args);
    const data = required(resetPasswordCommand, values, 'data');
    const name = required(resetPasswordCommand, values, 'user');
    const file = join(data, 'octopus.db');
    // Opening it would make one.
    if (!existsSync(file)) throw usageError('data', `There is no database ${file}.`);
    const given = values['password-file'];
    const fromFile = given === undefined ? undefined : await passphraseFromFile(given, 'password')('create');
    await using _lock = await lockFolder(data);
    await using store = await openStore(file);

    const user = await store.users.byName(name);
    if (!user) {
      const administrators = (await store.users.list()).filter(({ role, source }) => role === 'admin' && source === 'local');
      const known = administrators.map((one) => one.name).join(', ');
      throw usageError('user', `There is no user '${name}'; the local administrators are: ${known || 'none, Octopus is not set up'}.`);
    }
    const password =
      fromFile ?? (await newPasswordFromPrompt(user.name, (typed) => checkNewPassword(user.name, typed), undefined, terminal.signal));

    const { passwordCost: cost, hashesAtOnce: atOnce, hashesWaiting: waiting } = defaultIdentitySettings;
    const users = createUserManagement({
      store,
      clock: systemClock,
      random: randomBytes,
      hasher: createPasswordHasher({ random: randomBytes, cost, atOnce, waiting }),
      inTurn: createTurns(waiting),
      settings: defaultIdentitySettings,
    });
    const changed = await users.resetPassword(user.id, password);
    await createAudit({ activity: store.activity, clock: systemClock }).record({
      action: 'user.reset-password',
      subjectKind: 'user',
      subjectId: user.id,
      message: `${user.name} got a new password from the command line; their sessions ended.`,
      outcome: 'succeeded',
    });
    terminal.out(`${user.name} has a new password and is signed out everywhere; they choose their own at the next sign-in.`);
    if (changed.disabled) terminal.err(`${user.name} is disabled: an administrator has to enable them before they can sign in.`);
    return 0;
  },
};
