import { ClaimedInstances, NO_PLACES, type NvidiaPlaces } from './claimed-instances.ts'
import { isAmdClaim, isMigOf, placeOfClaim } from './claimed-place.ts'
import { FactSource } from './fact-source.ts'
import type { GpuUse } from './gpu-use.ts'
import { KfdTopology } from './kfd-topology.ts'
import { askKubelet, isAlive, type Pod, podFacts } from './kubelet-api.ts'
import { placeOf, readCheckpoint } from './kubelet-checkpoint.ts'
import { LruCache } from './lru-cache.ts'
import type { OwnerFacts } from './owner-facts.ts'
import { askPodResources, type ClaimedDevice } from './pod-resources.ts'
import type { TenancySettings } from './settings.ts'

/** A pod's container: a control group names it by id, the kubelet's checkpoint by name. */
export interface PodTenant {
  kind: 'pod'
  podUid: string
  containerId?: string
  container?: string
}

interface PodReservation {
  tenant: PodTenant
  index: number
  instance?: number
}

const MAX_PODS = 4096
const FORGOTTEN_AFTER_MS = 10 * 60_000
/** How old the list of pods may be: a pod that has ended holds its GPU for at most this long after. */
const LIST_AGE_MS = 30_000
/** How old the list of claimed devices may be. */
const CLAIMS_AGE_MS = 5_000
/** Several pods that start at the same time share one request within this time. */
const FRESH_MS = 1_000

type KubeletSettings = NonNullable<TenancySettings['kubelet']>

/** The pods of this node: their facts, and the GPUs that they were given. */
export class Pods {
  readonly #settings: KubeletSettings
  readonly #labels: readonly string[]
  readonly #nowMs: () => number
  readonly #kfd: KfdTopology
  readonly #kubelet: FactSource
  readonly #checkpoint: FactSource
  readonly #podResources: FactSource
  readonly #instances: ClaimedInstances
  readonly #claimFiles: FactSource
  /** the last good answer */
  #places: NvidiaPlaces = NO_PLACES
  /** a claimed MIG instance that is one of several alike */
  #unplaced: string | undefined
  /** metadata from the first time a pod was seen: its facts must not change with its labels */
  readonly #first: LruCache<Pod['metadata']>
  #list: { pods: ReadonlyMap<string, Pod>; atMs: number } | undefined
  #asking: Promise<ReadonlyMap<string, Pod> | undefined> | undefined
  #given: Awaited<ReturnType<typeof readCheckpoint>> = []
  #claimed: readonly ClaimedDevice[] = []
  #claimedAtMs = Number.NEGATIVE_INFINITY

  /** @param kfd folder of AMD's compute driver, which tells the numbers of its GPUs, as NVIDIA's does in `proc` */
  constructor(
    settings: KubeletSettings,
    { labels, kfd, proc }: Pick<TenancySettings, 'labels' | 'kfd' | 'proc'>,
    timeoutMs: number,
    nowMs: () => number,
  ) {
    this.#settings = settings
    this.#labels = labels
    this.#nowMs = nowMs
    this.#kfd = new KfdTopology(kfd, nowMs)
    this.#kubelet = new FactSource('names of pods', settings.url, timeoutMs, nowMs)
    this.#checkpoint = new FactSource('GPUs of pods', settings.checkpoint, timeoutMs, nowMs)
    this.#podResources = new FactSource('claims of pods', settings.podResources, timeoutMs, nowMs)
    this.#instances = new ClaimedInstances(settings.cdi, proc)
    this.#claimFiles = new FactSource('MIG instances of claims', settings.cdi, timeoutMs, nowMs)
    this.#first = new LruCache(nowMs, MAX_PODS, FORGOTTEN_AFTER_MS)
  }

  get faults(): (string | undefined)[] {
    const { fault } = this.#claimFiles
    return [this.#kubelet.fault, this.#checkpoint.fault, this.#podResources.fault, fault, this.#unplaced]
  }

  /** The facts of a pod's container. Undefined where the kubelet doesn't answer or doesn't know the pod. */
  async facts(tenant: PodTenant, signal: AbortSignal): Promise<OwnerFacts | undefined> {
    const known = this.#factsIn(this.#list?.pods, tenant)
    if (known?.complete) return known
    return this.#factsIn(await this.#pods(FRESH_MS, signal), tenant) ?? known
  }

  /** Which of these GPUs, or MIG instances, were given to pods that have not ended. */
  async reservations(gpus: readonly GpuUse[], signal: AbortSignal): Promise<PodReservation[]> {
    this.#given =
      (await this.#checkpoint.ask(() => readCheckpoint(this.#settings.checkpoint), signal)) ?? this.#given
    const held = this.#given.flatMap(({ podUid, container, device }): PodReservation[] => {
      const place = placeOf(device, gpus)
      return place ? [{ tenant: { kind: 'pod', podUid, container }, ...place }] : []
    })
    await this.#askClaims(signal)
    const pciOfRender = this.#claimed.some(isAmdClaim) ? await this.#pciOfRender() : undefined
    const nvidia = await this.#nvidiaPlaces(signal)
    const placed = this.#claimed.map((claim) => ({
      ...claim,
      place: placeOfClaim(claim, gpus, pciOfRender, nvidia),
    }))
    this.#unplaced = placed
      .filter((claim) => claim.place === undefined && isMigOf(claim, gpus, nvidia))
      .map((claim) => unplaced(claim, this.#settings.cdi))[0]
    const claims = placed.flatMap(({ place, ...claim }) => (place ? [{ ...claim, place }] : []))
    if (held.length === 0 && claims.length === 0) return []
    const pods = await this.#pods(LIST_AGE_MS, signal)
    // the pod-resources API has a pod's name, and a control group its uid
    const uids = new Map([...(pods ?? [])].map(([uid, { metadata }]) => [nameOf(metadata), uid]))
    const byClaim = claims.flatMap(({ namespace, pod: name, container, place }): PodReservation[] => {
      const podUid = uids.get(nameOf({ namespace, name }))
      return podUid === undefined ? [] : [{ tenant: { kind: 'pod', podUid, container }, ...place }]
    })
    return [...held, ...byClaim].filter(({ tenant }) => {
      const pod = pods?.get(tenant.podUid)
      return pod !== undefined && isAlive(pod)
    })
  }

  async #nvidiaPlaces(signal: AbortSignal): Promise<NvidiaPlaces> {
    if (this.#claimed.length === 0) return NO_PLACES
    this.#places =
      (await this.#claimFiles.ask(() => this.#instances.of(this.#claimed), signal)) ?? this.#places
    return this.#places
  }

  async #pciOfRender(): Promise<ReadonlyMap<number, string>> {
    const nodes = await this.#kfd.nodes()
    return new Map(
      nodes.flatMap(({ renderMinor, pci }) =>
        renderMinor === undefined ? [] : [[renderMinor, pci] as const],
      ),
    )
  }

  async #askClaims(signal: AbortSignal): Promise<void> {
    if (this.#nowMs() - this.#claimedAtMs < CLAIMS_AGE_MS) return
    const claimed = await this.#podResources.ask(
      (own) => askPodResources(this.#settings.podResources, own),
      signal,
    )
    if (!claimed) return
    this.#claimed = claimed
    this.#claimedAtMs = this.#nowMs()
  }

  #factsIn(
    pods: ReadonlyMap<string, Pod> | undefined,
    { podUid, containerId, container }: PodTenant,
  ): OwnerFacts | undefined {
    const pod = pods?.get(podUid)
    if (!pod) return undefined
    const metadata = this.#first.get(podUid) ?? pod.metadata
    this.#first.set(podUid, metadata)
    const which = { ...(containerId && { id: containerId }), ...(container && { name: container }) }
    return podFacts({ ...pod, metadata }, which, this.#labels)
  }

  /** The list of pods, at most `maxAgeMs` old; the previous list where the kubelet doesn't answer. */
  async #pods(maxAgeMs: number, signal: AbortSignal): Promise<ReadonlyMap<string, Pod> | undefined> {
    if (this.#list && this.#nowMs() - this.#list.atMs < maxAgeMs) return this.#list.pods
    this.#asking ??= this.#kubelet
      .ask((own) => askKubelet(this.#settings, own), signal)
      .finally(() => {
        this.#asking = undefined
      })
    const pods = await this.#asking
    if (pods) this.#list = { pods, atMs: this.#nowMs() }
    return this.#list?.pods
  }
}

/** @param cdi the folder of CDI specifications that is configured */
const unplaced = ({ namespace, pod, device }: ClaimedDevice, cdi: string): string =>
  `${namespace}/${pod} has ${device} by a claim, and which of several MIG instances that is, nothing tells; let the agent read ${cdi} (kubelet.cdi) and /proc/driver/nvidia-caps`.slice(
    0,
    256,
  )

const nameOf = ({ namespace, name }: Pick<Pod['metadata'], 'namespace' | 'name'>): string =>
  `${namespace}/${name}`
