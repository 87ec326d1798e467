/** No letters that are read for one another. */
const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
const GROUPS = 4;
const LETTERS = 5;

/** A first password to be told on the telephone: four groups of five, 99 bits. `random` fills the bytes, as crypto.getRandomValues. */
export function makePassword(random: (bytes: Uint8Array) => Uint8Array): string {
  const groups = Array.from({ length: GROUPS }, () => {
    let group = '';
    while (group.length < LETTERS) {
      for (const byte of random(new Uint8Array(LETTERS * 2))) {
        // The rest of 256 would make the first letters likelier.
        if (byte < 256 - (256 % letters.length) && group.length < LETTERS) group += letters[byte % letters.length];
      }
    }
    return group;
  });
  return groups.join('-');
}
