import type { Owner } from '../../protocol/owner.ts'
import type { Membership } from './cgroup.ts'
import { askEngine } from './containers.ts'
import { type Facts, FactsCache } from './facts.ts'
import { Pods, type PodTenant } from './pods.ts'
import type { TenancySettings } from './settings.ts'
import type { SlurmNode } from './slurm-node.ts'
import { askSlurmrestd } from './slurm-rest.ts'
import { Source } from './source.ts'
import { Users } from './users.ts'

/** Whoever a GPU can be held by, as far as the kernel and the schedulers name him. */
export type Tenant = Exclude<Membership, { kind: 'pod' }> | PodTenant | { kind: 'user'; uid: string }

const keyOf = (tenant: Tenant): string => JSON.stringify(tenant)

/** Finds the facts of tenants: each kind has its own source, and fails alone. */
export class Tenants {
  readonly pods: Pods | undefined
  readonly #settings: TenancySettings
  readonly #slurm: SlurmNode
  readonly #cache: FactsCache
  readonly #users: Users
  readonly #slurmrestd: Source
  /** by socket */
  readonly #engines = new Map<string, Source>()
  readonly #nowMs: () => number

  constructor(settings: TenancySettings, slurm: SlurmNode, nowMs: () => number) {
    const { kubelet, labels, timeout, passwd } = settings
    this.pods = kubelet && new Pods(kubelet, labels, timeout, nowMs)
    this.#settings = settings
    this.#slurm = slurm
    this.#cache = new FactsCache(nowMs)
    this.#users = new Users(passwd, nowMs)
    this.#slurmrestd = new Source('Slurm jobs', settings.slurm.url ?? 'slurmrestd', timeout, nowMs)
    this.#nowMs = nowMs
  }

  get faults(): (string | undefined)[] {
    const engines = [...this.#engines.values()].map((source) => source.fault)
    return [this.#slurmrestd.fault, ...(this.pods?.faults ?? []), ...engines]
  }

  /** The tenant's facts; where its source doesn't answer, its id alone. Never rejects. */
  async owners(
    tenants: readonly Tenant[],
    signal: AbortSignal,
  ): Promise<(tenant: Tenant) => Owner | undefined> {
    const asked = new Map(tenants.map((tenant) => [keyOf(tenant), tenant]))
    const owners = new Map(
      await Promise.all(
        [...asked].map(
          async ([key, tenant]): Promise<[string, Owner]> => [
            key,
            await this.#cache.of(key, () => this.#ask(tenant, signal)),
          ],
        ),
      ),
    )
    return (tenant) => owners.get(keyOf(tenant))
  }

  async #ask(tenant: Tenant, signal: AbortSignal): Promise<Facts> {
    switch (tenant.kind) {
      case 'slurm':
        return this.#slurmJob(tenant.job, signal)
      case 'pod':
        return this.#pod(tenant, signal)
      case 'container':
        return this.#container(tenant, signal)
      case 'user':
        return { owner: { user: this.#users.nameOf(tenant.uid) }, complete: true }
    }
  }

  async #slurmJob(job: string, signal: AbortSignal): Promise<Facts> {
    const { url, ...rest } = this.#settings.slurm
    const more = url
      ? await this.#slurmrestd.ask((own) => askSlurmrestd({ ...rest, url }, job, own), signal)
      : this.#slurm.job(job)?.owner
    return { owner: { slurmJob: job, ...more }, complete: more !== undefined }
  }

  async #pod(tenant: PodTenant, signal: AbortSignal): Promise<Facts> {
    const facts = await this.pods?.facts(tenant, signal)
    return facts ?? { owner: { podUid: tenant.podUid }, complete: this.pods === undefined }
  }

  async #container(
    { containerId, runtime, rootlessUid }: Extract<Tenant, { kind: 'container' }>,
    signal: AbortSignal,
  ): Promise<Facts> {
    const { dockerSocket, podmanSocket, labels, timeout } = this.#settings
    const byId = { runtime, containerId: containerId.slice(0, 12) }
    // containerd has no API of this kind
    if (runtime === 'containerd') return { owner: byId, complete: true }
    const rootless =
      rootlessUid && `/run/user/${rootlessUid}/${runtime === 'docker' ? '' : 'podman/'}${runtime}.sock`
    const socket = rootless || (runtime === 'docker' ? dockerSocket : podmanSocket)
    const source =
      this.#engines.get(socket) ?? new Source('names of containers', socket, timeout, this.#nowMs)
    this.#engines.set(socket, source)
    const named = await source.ask((own) => askEngine(socket, containerId, labels, own), signal)
    return named ? { owner: { runtime, ...named }, complete: true } : { owner: byId, complete: false }
  }
}
