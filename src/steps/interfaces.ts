import { change } from '../host/change.ts';
import { query } from '../host/query.ts';
import { interfacesFile, interfacesPath } from '../xen/interfaces-file.ts';
import { noParams } from './described.ts';
import { editable } from './editable.ts';
import { defineStep, refuse } from './step.ts';

export const interfaces = defineStep({
  name: 'interfaces',
  summary: "Writes the guest's stanzas of /etc/network/interfaces for the next boot; others stay.",
  on: ['domU'],
  params: noParams,

  queries: () => ({ file: query.file(interfacesPath), ifup: query.tool('ifup') }),

  plan: ({ host }, _params, { file, ifup }) => {
    if (host.vifs.length === 0) return { changes: [], message: 'the guest has no vifs' };
    if (host.networkConfig === null && !ifup) {
      return refuse(
        `there is no ifup to read ${interfacesPath}: something else configures the network`,
        'install ifupdown, or say "network_config: ifupdown"; networkd and netplan come later',
      );
    }
    const found = editable(interfacesPath, file);
    if ('refusal' in found) return found;
    const text = interfacesFile(found.text, host);
    return { changes: change.writeFile(interfacesPath, text, file, { effect: 'boot' }) };
  },
});
