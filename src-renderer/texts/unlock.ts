/** Before the secrets are open. */
export const unlockTexts = {
  starting: 'Starting …',
  working: 'Opening …',
  quit: 'Quit',

  waitingTitle: 'Waiting for your keychain',
  waitingHint:
    'Octopus keeps passwords and keys in the keychain of your system. It has not answered yet; perhaps it asks you to unlock it.',
  useFileInstead: 'Use an encrypted file instead',

  chooseTitle: 'Where should passwords be kept?',
  chooseHint:
    'Octopus needs a safe place for the passwords of your sources and its own keys. The keychain of your system could not be used.',
  insteadHint: 'Octopus needs a safe place for the passwords of your sources and its own keys.',
  goneTitle: 'The file of passwords is gone',
  goneHint: 'Octopus kept passwords and keys in an encrypted file in its data folder.',
  keychainTitle: 'The keychain of your system',
  tryKeychain: 'Try the keychain again',
  useKeychain: 'Use the keychain',
  fileTitle: 'An encrypted file',
  newFileTitle: 'A new encrypted file',
  fileHint: 'You type its passphrase at every start. Without it nobody can open the file, not even you: keep it in a safe place.',
  /** Where they were kept before is left as it is. */
  leavesBehind: 'Passwords that were kept before are not moved: type those of your sources once more.',
  newPassphrase: 'New passphrase',
  newPassphraseHint: 'At least 12 characters. A sentence is easier to keep in mind than a riddle.',
  again: 'New passphrase again',
  tooShort: 'At least 12 characters.',
  differ: 'The two are not the same.',
  keepInFile: 'Keep them in an encrypted file',

  openTitle: 'Passphrase of the encrypted file',
  openHint: 'Passwords and keys are in an encrypted file in the data folder. It opens with the passphrase that you chose.',
  passphrase: 'Passphrase',
  needed: 'Needed.',
  open: 'Open',
  wrong: 'This is not the passphrase of the file. Nothing was changed; try again.',
  alteredTitle: 'The file was altered or is damaged',
  alteredHint: 'Octopus does not use it. Put a copy from a backup in its place, then try again.',
};
