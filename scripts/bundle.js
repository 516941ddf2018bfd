// Makes dist/bundle/ of src/cli/: the program in one file, and the small one that starts it. CommonJS, as
// start-up is twice as fast: node sets no module loader up, and V8 keeps the code of one script.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const target = join(root, 'dist', 'bundle');

const options = /** @type {const} @satisfies {import('esbuild').BuildOptions} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'external',
  // V8 holds the text of the program as long as that runs; names stay, for the stack of a bug
  minifyWhitespace: true,
  minifySyntax: true,
  define: {
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
    'import.meta.url': 'importMetaUrl',
  },
  // import() in a script of node:vm needs flags
  supported: { 'dynamic-import': false },
  logLevel: 'warning',
  write: false,
});

/** What no part of the program uses, and costs most of the time that loading ssh2 takes. */
const unused = /^(?:\.\/(?:http-agents|server|keygen|protocol\/SFTP)\.js|cpu-features)$/;

/** @type {import('esbuild').Plugin} */
const ssh2 = {
  name: 'ssh2',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: unused }, ({ path, importer }) =>
      /\/node_modules\/ssh2\//.test(importer) ? { path, namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: '' }));
    // compression is never offered, and its module makes a decompressor when it is loaded
    onResolve({ filter: /^zlib$/ }, ({ path, importer }) =>
      /\/node_modules\/ssh2\/lib\/protocol\//.test(importer)
        ? { path, namespace: 'no-zlib' }
        : undefined,
    );
    onLoad({ filter: /./, namespace: 'no-zlib' }, () => ({
      contents: 'exports.constants = {}; exports.createInflate = () => ({ _handle: {} });',
    }));
    // built for one machine when ssh2 is installed: found there at run time, or done without
    onResolve({ filter: /\/sshcrypto\.node$/ }, () => ({
      path: 'ssh2/lib/protocol/crypto/build/Release/sshcrypto.node',
      external: true,
    }));
    // WebAssembly with 16 MB of memory, set up when it is loaded and used by nobody who has native ciphers
    onResolve({ filter: /\/poly1305\.js$/ }, ({ path, resolveDir, pluginData }) =>
      pluginData === 'real'
        ? undefined
        : { path: join(resolveDir, path), namespace: 'unless-native' },
    );
    onLoad({ filter: /./, namespace: 'unless-native' }, ({ path }) => ({
      contents: `module.exports = () => {
        try {
          if (require('./sshcrypto.node').ChaChaPolyDecipher) return { _malloc() {}, cwrap() {} };
        } catch {}
        return require(${JSON.stringify(path)})();
      };`,
      resolveDir: root,
      pluginData: 'real',
    }));
  },
};

/**
 * The tables of emoji take longer to make than everything that yargs does with them.
 * @type {import('esbuild').Plugin}
 */
const stringWidth = {
  name: 'string-width',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /^string-width$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'real') return undefined;
      const { resolveDir, kind } = from;
      const { path: real } = await resolve(path, { resolveDir, kind, pluginData: 'real' });
      return { path: real, namespace: 'ascii-width' };
    });
    onLoad({ filter: /./, namespace: 'ascii-width' }, ({ path }) => ({
      contents: `module.exports = (text, options) =>
        /^[ -~]*$/.test(text) ? text.length : require(${JSON.stringify(path)}).default(text, options);`,
      resolveDir: root,
    }));
  },
};

/**
 * Yargs writes the help of each command that runs, in case that this fails: parse.ts has a word of its own then.
 * @type {import('esbuild').Plugin}
 */
const noSpareHelp = {
  name: 'no-spare-help',
  setup({ onLoad }) {
    onLoad({ filter: /\/yargs\/build\/lib\/command\.js$/ }, ({ path }) => {
      const [before, after, ...more] = readFileSync(path, 'utf8').split(
        'yargs.getInternalMethods().getUsageInstance().cacheHelpMessage();',
      );
      if (after === undefined || more.length > 0) throw new Error(`${path} is another one`);
      return { contents: `${before}${after}` };
    });
  },
};

const program = await build({
  ...options,
  entryPoints: ['src/cli/main.ts'],
  outfile: join(target, 'program.cjs'),
  plugins: [ssh2, stringWidth, noSpareHelp],
  banner: {
    js: `(function (exports, require, module, __filename, __dirname) {
const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`,
  },
  footer: { js: '})' },
});
const start = await build({
  ...options,
  entryPoints: ['src/cli/start.ts'],
  outfile: join(target, 'start.cjs'),
});

mkdirSync(target, { recursive: true });
for (const { path, text } of [...program.outputFiles, ...start.outputFiles]) {
  // start.ts knows a program by its first line
  const id = createHash('sha256').update(text).digest('hex').slice(0, 16);
  writeFileSync(path, path.endsWith('program.cjs') ? `// ${id}\n${text}` : text);
}
cpSync(join(root, 'src/host/runtime'), join(target, 'runtime'), { recursive: true });
