import type { NftState } from '../../src/host/query.ts';
import { query } from '../../src/host/query.ts';
import { firewallModels, keepRules } from '../../src/xen/firewall-model.ts';
import { type NftFirewall, nftChains, nftFirewall } from '../../src/xen/nft-firewall.ts';
import { type NftPlan, nftPlan } from '../../src/xen/nft-plan.ts';
import { dash, RunningShell, unshared } from '../host/shells.ts';
import type { Firewall } from './some-firewalls.ts';

/** A dom0 with native nftables: a network namespace of its own, and a shell in it. */
export class NativeHost implements AsyncDisposable {
  readonly shell = new RunningShell(dash, { wrapper: unshared('-nm', '') });

  /** Loads this over what is there; throws where nft refuses it. */
  async nft(script: string): Promise<void> {
    const { status, body } = await this.shell.call(
      `nft -f /dev/stdin 2>&1 <<'NFT'\n${script}\nNFT`,
    );
    if (status !== 0) throw new Error(`${body}\n${script}`);
  }

  async ruleset(): Promise<string> {
    return (await this.shell.call('nft -s list ruleset')).body.trim();
  }

  /** The rules of one chain, without what it is hooked to. */
  async rules(chain: string): Promise<readonly string[]> {
    const { body } = await this.shell.call(`nft -s list chain ${chain}`);
    return body
      .split('\n')
      .filter((line) => line.startsWith('\t\t') && !line.startsWith('\t\ttype '))
      .map((line) => line.trim());
  }

  async look(firewall: NftFirewall): Promise<NftState> {
    return await this.shell.look(query.nft(nftChains, firewall.wanted));
  }

  async plan({ dom0, guests }: Firewall, peer: string | null = null): Promise<NftPlan> {
    const models = firewallModels(dom0, guests);
    const firewall = nftFirewall(models);
    const keep = new Map(
      models.map(({ family }) => [family, keepRules(peer, guests, family)] as const),
    );
    const plan = nftPlan(firewall, await this.look(firewall), keep);
    if ('refusal' in plan) throw new Error(`${plan.refusal} (${plan.hint})`);
    return plan;
  }

  /** Plans and acts; throws where the host refuses the change. */
  async push(firewall: Firewall, peer: string | null = null): Promise<NftPlan> {
    const plan = await this.plan(firewall, peer);
    const changes = [plan.load, plan.upkeep].flatMap((one) => one ?? []);
    for (const { status, body } of await this.shell.act(...changes)) {
      if (status !== 0) throw new Error(`${body}\n${changes.map(({ script }) => script).join()}`);
    }
    return plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shell[Symbol.asyncDispose]();
  }
}
