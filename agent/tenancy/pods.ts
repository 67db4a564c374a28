import type { GpuUse } from './contract.ts'
import type { Facts } from './facts.ts'
import { askKubelet, isAlive, type Pod, podFacts } from './kubelet.ts'
import { placeOf, readCheckpoint } from './kubelet-devices.ts'
import { Recent } from './recent.ts'
import type { TenancySettings } from './settings.ts'
import { Source } from './source.ts'

/** A container of a pod, by its id as the control group has it, or by its name as the kubelet has it. */
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
/** A pod that has ended gives its GPU back this much later at most. */
const LIST_AGE_MS = 30_000
/** Several pods that are new at once are asked for once. */
const FRESH_MS = 1_000

type KubeletSettings = NonNullable<TenancySettings['kubelet']>

/** The pods of this node: who they are, and which GPUs they were given. */
export class Pods {
  readonly #settings: KubeletSettings
  readonly #labels: readonly string[]
  readonly #nowMs: () => number
  readonly #kubelet: Source
  readonly #checkpoint: Source
  /** labels as they were when the pod was first seen: facts are to stay */
  readonly #first: Recent<Pod['metadata']>
  #list: { pods: ReadonlyMap<string, Pod>; atMs: number } | undefined
  #asking: Promise<ReadonlyMap<string, Pod> | undefined> | undefined
  #given: Awaited<ReturnType<typeof readCheckpoint>> = []

  constructor(settings: KubeletSettings, labels: readonly string[], timeoutMs: number, nowMs: () => number) {
    this.#settings = settings
    this.#labels = labels
    this.#nowMs = nowMs
    this.#kubelet = new Source('names of pods', settings.url, timeoutMs, nowMs)
    this.#checkpoint = new Source('GPUs of pods', settings.checkpoint, timeoutMs, nowMs)
    this.#first = new Recent(nowMs, MAX_PODS, FORGOTTEN_AFTER_MS)
  }

  get faults(): (string | undefined)[] {
    return [this.#kubelet.fault, this.#checkpoint.fault]
  }

  /** Undefined where the kubelet doesn't answer, or knows no such pod. */
  async facts(tenant: PodTenant, signal: AbortSignal): Promise<Facts | undefined> {
    const known = this.#factsIn(this.#list?.pods, tenant)
    if (known?.complete) return known
    return this.#factsIn(await this.#pods(FRESH_MS, signal), tenant) ?? known
  }

  /** What pods that have not ended were given of these GPUs. */
  async reservations(gpus: readonly GpuUse[], signal: AbortSignal): Promise<PodReservation[]> {
    this.#given =
      (await this.#checkpoint.ask(() => readCheckpoint(this.#settings.checkpoint), signal)) ?? this.#given
    const held = this.#given.flatMap(({ podUid, container, device }): PodReservation[] => {
      const place = placeOf(device, gpus)
      return place ? [{ tenant: { kind: 'pod', podUid, container }, ...place }] : []
    })
    if (held.length === 0) return []
    const pods = await this.#pods(LIST_AGE_MS, signal)
    return held.filter(({ tenant }) => {
      const pod = pods?.get(tenant.podUid)
      return pod !== undefined && isAlive(pod)
    })
  }

  #factsIn(
    pods: ReadonlyMap<string, Pod> | undefined,
    { podUid, containerId, container }: PodTenant,
  ): Facts | undefined {
    const pod = pods?.get(podUid)
    if (!pod) return undefined
    const metadata = this.#first.get(podUid) ?? pod.metadata
    this.#first.set(podUid, metadata)
    const which = { ...(containerId && { id: containerId }), ...(container && { name: container }) }
    return podFacts({ ...pod, metadata }, which, this.#labels)
  }

  /** The list, no older than that; the last one where the kubelet doesn't answer. */
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
