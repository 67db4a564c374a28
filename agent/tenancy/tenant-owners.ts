import type { Owner } from '../../protocol/owner.ts'
import type { Membership } from './cgroup.ts'
import { askContainerEngine } from './container-engine.ts'
import { FactSource } from './fact-source.ts'
import { OwnerCache } from './owner-cache.ts'
import type { OwnerFacts } from './owner-facts.ts'
import { Pods, type PodTenant } from './pods.ts'
import type { TenancySettings } from './settings.ts'
import type { SlurmJobs } from './slurm-jobs.ts'
import { askSlurmrestd } from './slurm-rest.ts'
import { UserNames } from './user-names.ts'

/** A party that can hold a GPU, as the kernel and the schedulers identify it. */
export type Tenant =
  | Exclude<Membership, { kind: 'pod' | 'named' }>
  | PodTenant
  | { kind: 'named'; facts: Owner; uid?: string }
  | { kind: 'user'; uid: string }

const keyOf = (tenant: Tenant): string => JSON.stringify(tenant)

/** Finds the owner of each tenant. Each kind of tenant has its own source, which fails without harm to the others. */
export class TenantOwners {
  readonly pods: Pods | undefined
  readonly #settings: TenancySettings
  readonly #slurm: SlurmJobs
  readonly #cache: OwnerCache
  readonly #users: UserNames
  readonly #slurmrestd: FactSource
  /** by socket */
  readonly #engines = new Map<string, FactSource>()
  readonly #nowMs: () => number

  constructor(settings: TenancySettings, slurm: SlurmJobs, nowMs: () => number) {
    const { kubelet, timeout, passwd } = settings
    this.pods = kubelet && new Pods(kubelet, settings, timeout, nowMs)
    this.#settings = settings
    this.#slurm = slurm
    this.#cache = new OwnerCache(nowMs)
    this.#users = new UserNames(passwd, nowMs)
    this.#slurmrestd = new FactSource('Slurm jobs', settings.slurm.url ?? 'slurmrestd', timeout, nowMs)
    this.#nowMs = nowMs
  }

  get faults(): (string | undefined)[] {
    const engines = [...this.#engines.values()].map((source) => source.fault)
    return [this.#slurmrestd.fault, ...(this.pods?.faults ?? []), ...engines]
  }

  /** The owners of these tenants; where a source doesn't answer, an owner of the tenant's id alone. Never rejects. */
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

  async #ask(tenant: Tenant, signal: AbortSignal): Promise<OwnerFacts> {
    switch (tenant.kind) {
      case 'slurm':
        return this.#slurmJob(tenant.job, signal)
      case 'pod':
        return this.#pod(tenant, signal)
      case 'container':
        return this.#container(tenant, signal)
      case 'named': {
        const user = tenant.uid === undefined ? {} : { user: this.#users.nameOf(tenant.uid) }
        return { owner: { ...tenant.facts, ...user }, complete: true }
      }
      case 'user':
        return { owner: { user: this.#users.nameOf(tenant.uid) }, complete: true }
    }
  }

  async #slurmJob(job: string, signal: AbortSignal): Promise<OwnerFacts> {
    const { url, ...rest } = this.#settings.slurm
    const more = url
      ? await this.#slurmrestd.ask((own) => askSlurmrestd({ ...rest, url }, job, own), signal)
      : this.#slurm.job(job)?.owner
    return { owner: { slurmJob: job, ...more }, complete: more !== undefined }
  }

  async #pod(tenant: PodTenant, signal: AbortSignal): Promise<OwnerFacts> {
    const facts = await this.pods?.facts(tenant, signal)
    return facts ?? { owner: { podUid: tenant.podUid }, complete: this.pods === undefined }
  }

  async #container(
    { containerId, runtime, rootlessUid }: Extract<Tenant, { kind: 'container' }>,
    signal: AbortSignal,
  ): Promise<OwnerFacts> {
    const { dockerSocket, podmanSocket, labels, timeout } = this.#settings
    const byId = { runtime, containerId: containerId.slice(0, 12) }
    // containerd has no HTTP API
    if (runtime === 'containerd') return { owner: byId, complete: true }
    const rootless =
      rootlessUid && `/run/user/${rootlessUid}/${runtime === 'docker' ? '' : 'podman/'}${runtime}.sock`
    const socket = rootless || (runtime === 'docker' ? dockerSocket : podmanSocket)
    const source =
      this.#engines.get(socket) ?? new FactSource('names of containers', socket, timeout, this.#nowMs)
    this.#engines.set(socket, source)
    const named = await source.ask((own) => askContainerEngine(socket, containerId, labels, own), signal)
    return named ? { owner: { runtime, ...named }, complete: true } : { owner: byId, complete: false }
  }
}
