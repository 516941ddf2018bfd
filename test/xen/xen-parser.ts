import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { unpacked } from './debian.ts';
import { isAvailable } from './namespace.ts';

const packages = [
  'libxenmisc4.17',
  ...['libxencall1', 'libxendevicemodel1', 'libxenevtchn1', 'libxenforeignmemory1'],
  ...['libxengnttab1', 'libxenhypfs1', 'libxenstore4', 'libxentoolcore1', 'libxentoollog1'],
  'libyajl2',
];

/** Reads a JSON list of latin1 texts, prints for each what Xen's libxlutil makes of `vif`. */
const program = `
import ctypes as C, json, os, sys
lib = C.CDLL(os.environ['LIBRARY']); p = C.c_void_p
lib.xlu_cfg_init.restype = p; lib.xlu_cfg_init.argtypes = [p, C.c_char_p]
lib.xlu_cfg_readdata.argtypes = [p, C.c_char_p, C.c_int]
lib.xlu_cfg_destroy.argtypes = [p]
lib.xlu_cfg_get_list.argtypes = [p, C.c_char_p, C.POINTER(p), C.POINTER(C.c_int), C.c_int]
lib.xlu_cfg_get_listitem.argtypes = [p, C.c_int]; lib.xlu_cfg_get_listitem.restype = C.c_char_p
errors = C.c_void_p.in_dll(C.CDLL(None), 'stderr')
def read(text):
    data = text.encode('latin1')
    config = lib.xlu_cfg_init(errors, b'cfg')
    if lib.xlu_cfg_readdata(config, data, len(data)): return 'refused'
    items, count = p(), C.c_int(0)
    if lib.xlu_cfg_get_list(config, b'vif', C.byref(items), C.byref(count), 1): return None
    found = [lib.xlu_cfg_get_listitem(items, i) for i in range(count.value)]
    return [None if item is None else item.decode('latin1') for item in found]
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

type Reading = 'refused' | readonly (string | null)[] | null;

const fetched = (): string => unpacked('xen-4.17', packages);

export const hasXenParser = isAvailable('no libxlutil of Xen 4.17', () => {
  execFileSync('python3', ['-c', ''], { stdio: 'ignore' });
  readByXen(['']);
});

/** What Xen's own parser reads: `refused`, null without a vif list, or its entries. */
export function readByXen(texts: readonly string[]): readonly Reading[] {
  const libraries = join(fetched(), 'usr/lib/x86_64-linux-gnu');
  const printed = execFileSync('python3', ['-c', program], {
    encoding: 'utf8',
    env: {
      ...process.env,
      LD_LIBRARY_PATH: libraries,
      LIBRARY: join(libraries, 'libxlutil.so.4.17'),
    },
    input: JSON.stringify(texts),
    maxBuffer: 2 ** 28,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  return JSON.parse(printed);
}
