import type { Device } from '../../protocol/device.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { toldOnce } from '../economics/gpu-seconds.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { DeviceClaim, GpuStanding, NamedDevice } from '../plugin/claim-store.ts'
import { GPU_TWICE, type HeldMark } from '../plugin/held.ts'
import { TAKEN_OVER } from './history.ts'
import { isWhole, MachineKeys } from './machine-keys.ts'
import { orderOf } from './precedence.ts'
import type { OwnershipRegister } from './register.ts'
import { countsAt } from './spans.ts'

/** A host that has recorded no GPU time for a day is no longer in the way of its GPUs. */
const STANDS_MS = 24 * HOUR_MS
/** The newest record is noted to this, so that a claim is not written each minute. */
const NOTED_MS = HOUR_MS

/** A device that never told more than this part of one GPU's time, and of another's, is not in the way of one that was paid before it. */
const LEAST_SHARE = 1 / 100

/** A device with GPU time in the minute that is settled. */
interface Holder {
  device: Device
  /** what it has in common with its machine */
  keys: readonly string[]
  claim: DeviceClaim
  standing: GpuStanding
}

/**
 * A GPU-second is paid once. A host, or a service on it, may tell the time of its GPUs as a whole, as programs of others do, and the GPUs may be
 * read on their own, by the same agent or by another. Of one agent, the GPUs count and the whole has what is left beside them; where nothing is left it waits.
 * Between agents, the first counts, as with machines: what one agent sends never changes what another is paid.
 */
export class GpuTime {
  readonly #register: OwnershipRegister
  readonly #nowMs: () => number
  readonly #keys: MachineKeys

  constructor(register: OwnershipRegister, nowMs: () => number) {
    this.#register = register
    this.#keys = new MachineKeys((deviceId) => register.isHost(deviceId))
    this.#nowMs = nowMs
  }

  /** The records of a minute whose GPU time another device has. @param records those that count */
  doubts(minuteMs: number, records: readonly AgentInterval[]): HeldMark[] {
    const told = records.filter(hasGpuTime)
    if (told.length === 0) return []
    const present = new Map<string, Holder>()
    let settled: Holder[] | undefined
    // only a device that is new asks for them
    const settledOnes = () => {
      settled ??= this.#holders(this.#nowMs(), (_, standing) => standing.settled)
      return settled
    }
    for (const record of told) {
      const holder = this.#note(record, minuteMs, settledOnes)
      if (holder) present.set(nameOf(record), holder)
    }
    const rivals = [...present.values()]
    if (![...rivals, ...this.#wholes(minuteMs)].some(({ device }) => isWhole(device))) return []
    const before = this.#before(minuteMs, rivals, nothingLeft(told, present))
    return told.flatMap((record): HeldMark[] => {
      const holder = present.get(nameOf(record))
      const first = holder && before(holder)
      return first ? [this.#markOf(record, holder, first)] : []
    })
  }

  /** Who goes before a device: found by what they have in common. */
  #before(
    minuteMs: number,
    present: readonly Holder[],
    toldTwice: ReadonlySet<Holder>,
  ): (holder: Holder) => Holder | undefined {
    const others = new Map<string, Set<Holder>>()
    const known = [...present, ...this.#wholes(minuteMs), ...this.#gpus(minuteMs)]
    for (const holder of known)
      for (const key of holder.keys) {
        const own = others.get(key) ?? new Set()
        others.set(key, own.add(holder))
      }
    const inMinute = new Set(present.map(({ claim }) => claim))
    return (holder) => {
      for (const key of holder.keys)
        for (const other of others.get(key) ?? [])
          if (
            isRival(other, holder) &&
            (toldTwice.has(holder) || other.claim.agentId !== holder.claim.agentId) &&
            goesBefore(other, holder, inMinute.has(other.claim))
          )
            return other
      return undefined
    }
  }

  /** Hosts and services that have had GPU time of late. */
  #wholes(minuteMs: number): Holder[] {
    return this.#holders(minuteMs, (device, { toMs }) => isWhole(device) && toMs > minuteMs - STANDS_MS)
  }

  /** GPUs that an agent reads. */
  #gpus(minuteMs: number): Holder[] {
    return this.#holders(minuteMs, ({ kind }) => kind === 'gpu')
  }

  /** Those that count in the minute, whoever has them now. What a device told first afterwards is not in the way of a minute. */
  #holders(minuteMs: number, is: (device: Device, standing: GpuStanding) => boolean): Holder[] {
    const holders: Holder[] = []
    for (const claim of this.#register.all()) {
      const { gpuTime: standing, spans } = claim
      const told = standing && this.#toldAt(claim.agentId, minuteMs)
      const device = told?.get(claim.deviceId)
      const hasBegun = standing && standing.fromMs < minuteMs + MINUTE_MS
      if (told && device && hasBegun && countsAt(spans, minuteMs) && is(device, standing))
        holders.push({ device, keys: this.#keys.of(device, told), claim, standing })
    }
    return holders
  }

  /** A record with GPU time: the first of a device, and of what it is a part of, begins its standing. */
  #note(record: AgentInterval, minuteMs: number, settledOnes: () => readonly Holder[]): Holder | undefined {
    const { agentId, deviceId, startMs, durationMs, gpuMs = 0, busyGpuMs = 0 } = record
    const claim = this.#register.claim(agentId, deviceId)
    const told = this.#toldAt(agentId, minuteMs)
    const device = told?.get(deviceId)
    if (!claim || !told || !device) return undefined
    const keys = this.#keys.of(device, told)
    const machine = this.#keys.textOf(device, told)
    const isKnown = claim.gpuTime?.machine === machine || claim.gpuTime?.machine === TAKEN_OVER
    const known = isKnown ? claim.gpuTime : undefined
    // one that tells of another machine than before has its time from now on
    const beginMs = claim.gpuTime && !known ? Math.max(startMs, this.#nowMs()) : startMs
    const fromMs = known?.settled
      ? known.fromMs
      : Math.max(
          Math.min(known?.fromMs ?? beginMs, beginMs),
          afterRivals({ claim, device, keys }, settledOnes()),
        )
    const isLater = isWhole(device) && startMs > (known?.toMs ?? 0) + NOTED_MS
    const toMs = isLater ? startMs : (known?.toMs ?? startMs)
    const perMs = Math.max(gpuMs, busyGpuMs) / durationMs
    // of the machine it told before too: a new key of a device takes nothing from what it was
    const before = claim.gpuTime?.mostPerMs ?? 0
    const mostPerMs = perMs > 2 * before ? perMs : before
    const standing = { machine, fromMs, toMs, settled: known?.settled ?? false, mostPerMs }
    if (
      known?.machine !== machine ||
      known.fromMs !== fromMs ||
      known.toMs !== toMs ||
      known.mostPerMs !== mostPerMs
    )
      this.#register.stand({ agentId, deviceId }, standing)
    return { device, keys, claim, standing }
  }

  /** The devices of an agent as they stood in a minute. */
  #toldAt(agentId: string, minuteMs: number): ReadonlyMap<string, Device> | undefined {
    return this.#register.past.at(agentId, minuteMs) ?? this.#register.told.get(agentId)
  }

  #markOf({ agentId, deviceId, owner, startMs }: AgentInterval, own: Holder, first: Holder): HeldMark {
    const other = `${first.claim.deviceId} of agent ${first.claim.agentId}`
    const what = isWhole(own.device)
      ? `it tells the time of its GPUs, and so does ${other}`
      : `${other} tells its time already`
    return {
      agentId,
      deviceId,
      owner,
      startMs,
      kind: 'doubt',
      check: GPU_TWICE,
      reason: `${agentId}, ${deviceId}: ${what}; a GPU-second is paid once: let one of them tell it`,
      heldMs: this.#nowMs(),
    }
  }
}

const hasGpuTime = ({ gpuMs = 0, busyGpuMs = 0 }: AgentInterval): boolean => gpuMs > 0 || busyGpuMs > 0
const nameOf = ({ agentId, deviceId }: NamedDevice): string => `${agentId}\n${deviceId}`

/** Hosts and services of which nothing is left beside what their agent tells of the same GPUs. */
function nothingLeft(told: readonly AgentInterval[], present: ReadonlyMap<string, Holder>): Set<Holder> {
  const left = toldOnce(told, (agentId, deviceId) => {
    const holder = present.get(nameOf({ agentId, deviceId }))
    return holder && { kind: holder.device.kind, keys: holder.keys }
  })
  const some = new Set(left.filter(hasGpuTime).map(nameOf))
  return new Set([...present].flatMap(([name, holder]) => (some.has(name) ? [] : [holder])))
}

/** GPUs of one machine have each their own time. */
const isRival = (a: Holder, b: Holder): boolean =>
  a.claim !== b.claim && (isWhole(a.device) || isWhole(b.device))

function goesBefore(other: Holder, holder: Holder, isInMinute: boolean): boolean {
  if (other.claim.agentId === holder.claim.agentId) {
    if (!isInMinute) return false
    const rank = ({ device }: Holder) => ['gpu', 'host', 'service'].indexOf(device.kind)
    const byRank = rank(other) - rank(holder)
    return (byRank || (other.claim.deviceId < holder.claim.deviceId ? -1 : 1)) < 0
  }
  if (isHollow(holder, other)) return true
  if (isHollow(other, holder)) return false
  if (other.standing.settled !== holder.standing.settled) return other.standing.settled
  return orderOf(placed(other), placed(holder)) < 0
}

/** When a device that comes later begins at the earliest: after those that were settled, however old its records are. */
function afterRivals(
  { claim, device, keys }: Pick<Holder, 'claim' | 'device' | 'keys'>,
  settled: readonly Holder[],
): number {
  let earliestMs = Number.NEGATIVE_INFINITY
  for (const { claim: other, device: its, keys: itsKeys, standing } of settled)
    if (
      other.agentId !== claim.agentId &&
      (isWhole(its) || isWhole(device)) &&
      itsKeys.some((key) => keys.includes(key))
    )
      earliestMs = Math.max(earliestMs, standing.fromMs + 1)
  return earliestMs
}

/**
 * Whether a device has told next to none of the machine's GPU time, beside another that was there and paid before it. What the other tells later never
 * makes it so: it must be next to nothing by itself.
 */
const isHollow = (holder: Holder, beside: Holder): boolean => {
  const [most, besideMost] = [holder.standing.mostPerMs, beside.standing.mostPerMs]
  if (most === undefined || besideMost === undefined) return false
  const wasPaidFirst =
    (beside.claim.paid?.fromMs ?? Number.POSITIVE_INFINITY) < holder.standing.fromMs &&
    beside.claim.claimedMs <= holder.claim.claimedMs
  return wasPaidFirst && most < LEAST_SHARE * Math.min(1, besideMost)
}

const placed = ({ claim: { agentId, deviceId }, standing: { fromMs } }: Holder) => ({
  agentId,
  deviceId,
  fromMs,
})
