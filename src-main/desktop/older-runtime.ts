// What the stand-in for Electron lacks of the language: its V8 is of 2024. With the official Electron nothing here is loaded.
import 'core-js/actual/suppressed-error';
import 'core-js/actual/disposable-stack';
import 'core-js/actual/async-disposable-stack';
