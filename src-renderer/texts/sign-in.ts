export const signInTexts = {
  title: 'Sign in',
  ended: 'Your session has ended. Sign in to go on where you were.',
  name: 'Name',
  password: 'Password',
  needed: 'Needed.',
  action: 'Sign in',
};
