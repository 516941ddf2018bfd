import { ssh2Build } from '../connection/ssh2-build.ts';
import { isSsh2Known } from '../connection/ssh2-check.ts';
import { escapeControls } from '../source/escape-controls.ts';
import type { CodeUse } from './code-cache.ts';
import { version } from './version.ts';

/** What `xpush --version -v` says: all that a run's speed may hang on. */
export function versionReport({ file, reason }: CodeUse): string {
  const { version: ssh2, isNative } = ssh2Build;
  const crypto = isNative ? 'native ciphers' : 'no native ciphers (not built here): slower';
  const ahead = isSsh2Known() ? '' : ', unknown inside, so no login is sent ahead: slower';
  const code = reason === null ? 'used' : `not used (${reason})`;
  return [
    `xpush ${version()}`,
    `node ${process.version} (${process.platform} ${process.arch})`,
    `ssh2 ${ssh2}, ${crypto}${ahead}`,
    escapeControls(`code cache ${code}${file === null ? '' : `: ${file}`}`),
    '',
  ].join('\n');
}
