import type { Device } from '../../protocol/device.ts'
import { MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { DeviceClaim, PastDevice } from '../plugin/claim-store.ts'
import type { OpenClaim } from './key-owners.ts'
import { lastEnd } from './spans.ts'

/**
 * How devices stood in earlier minutes. A minute that is settled again comes out as it was, though a host has left the inventory since, or its GPUs have
 * another one: else their energy would be in it twice.
 */

/** Versions that are kept of a device: one that changes again and again has no more. */
const MOST_KEPT = 64

/** What decides whose energy includes whose. Anything else counts as it is told now, so that a forgotten tag can be mended for the past. */
const WIRING = ['kind', 'meteredBy', 'hostname', 'computer', 'measures', 'generates'] as const

const isWiredAlike = (a: Device, b: Device): boolean => WIRING.every((field) => a[field] === b[field])

/** Of what a device was, without what says nothing of a minute. */
const kept = ({ firmware: _, address: __, mac: ___, hardwareId: ____, ...device }: Device): Device => device

/** An agent’s devices by name. */
export type Told = ReadonlyMap<string, Device>

/** The devices of one agent as they stood, by how many changes lie before. */
interface Versions {
  past: Map<string, readonly PastDevice[]>
  /** when something changed, Unix ms, ascending */
  edges: number[]
  told: (Told | undefined)[]
}

/** The inventories of all agents through time. */
export class PastDevices {
  readonly #agents = new Map<string, Versions>()
  /** by agent, the end of its newest record */
  readonly #recordedMs = new Map<string, number>()
  readonly #present: ReadonlyMap<string, Told>

  /** @param present as each agent tells them now */
  constructor(present: ReadonlyMap<string, Told>) {
    this.#present = present
  }

  /** Fills it with what the store has, and forgets what it had. */
  load(claims: Iterable<DeviceClaim>): void {
    this.#agents.clear()
    for (const { agentId, deviceId, past } of claims) if (past) this.#set(agentId, deviceId, past)
  }

  /** The agent has sent records up to this end, agent's clock. */
  recorded(agentId: string, endMs: number): void {
    if (endMs > (this.#recordedMs.get(agentId) ?? 0)) this.#recordedMs.set(agentId, endMs)
  }

  /**
   * An agent tells other devices than before: what is to be kept of each stands in its claim then.
   * @returns the claims that changed
   */
  change(
    agentId: string,
    before: Told,
    now: Told,
    nowMs: number,
    claimOf: (deviceId: string) => OpenClaim | undefined,
  ): OpenClaim[] {
    // what the agent has yet to send counts as it tells its devices now
    const endMs = Math.min(nowMs, this.#recordedMs.get(agentId) ?? nowMs)
    const changed = [...new Set([...before.keys(), ...now.keys()])].flatMap((deviceId) => {
      const claim = claimOf(deviceId)
      if (!claim) return []
      const standsMs = minuteOf(endMs) + MINUTE_MS
      // and what a device records while it is put aside: where it is adopted, as it is told then, if it still is
      const toMs = now.has(deviceId) ? Math.min(standsMs, lastEnd(claim.spans)) : standsMs
      const past = pastWith(claim.past, before.get(deviceId), now.get(deviceId), toMs)
      return past ? [Object.assign(claim, { past })] : []
    })
    for (const { deviceId, past = [] } of changed) this.#set(agentId, deviceId, past)
    const versions = this.#agents.get(agentId)
    if (versions) versions.told = []
    return changed
  }

  /** The claims that `correct` changes, each with how its device stood before, in words. @param devices by name; absent: all */
  correctAll(
    claims: Iterable<OpenClaim>,
    { fromMs, toMs, devices }: { fromMs: number; toMs: number; devices: readonly string[] | undefined },
  ): { claim: OpenClaim; stood: string }[] {
    return [...claims].flatMap((claim) => {
      if (devices && !devices.includes(claim.deviceId)) return []
      const before = this.correct(claim, fromMs, toMs)
      if (!before) return []
      const meters = new Set(before.map(({ meteredBy }) => meteredBy ?? 'no meter'))
      return [{ claim, stood: `${claim.deviceId} was behind ${[...meters].join(', then ')}` }]
    })
  }

  /**
   * A person says that some devices stood in a time as their agent tells them now: it was told wrong then. One that is gone now, or was not there then,
   * stays as it was.
   * @returns how it stood before; undefined where nothing changes
   */
  correct(claim: OpenClaim, fromMs: number, toMs: number): Device[] | undefined {
    const now = this.#present.get(claim.agentId)?.get(claim.deviceId)
    const { past = [] } = claim
    if (!now || past.length === 0) return undefined
    const wrong = past.flatMap(({ device, toMs: endMs }, i) => {
      const beginMs = past[i - 1]?.toMs ?? Number.NEGATIVE_INFINITY
      return device && !isWiredAlike(device, now) && beginMs < toMs && endMs > fromMs ? [device] : []
    })
    if (wrong.length === 0) return undefined
    claim.past = correctedPast(past, now, fromMs, toMs)
    this.#set(claim.agentId, claim.deviceId, claim.past)
    return wrong
  }

  /** When devices of an agent changed, Unix ms, ascending. */
  edges(agentId: string): readonly number[] {
    return this.#agents.get(agentId)?.edges ?? []
  }

  /** An agent's devices as they stood in a minute; undefined where they stand so still, or it has told none. */
  at(agentId: string, minuteMs: number): Told | undefined {
    const versions = this.#agents.get(agentId)
    const place = versions?.edges.findIndex((toMs) => minuteMs < toMs) ?? -1
    if (!versions || place < 0) return undefined
    const present = this.#present.get(agentId) ?? new Map<string, Device>()
    const told = versions.told[place] ?? stoodAt(present, versions.past, minuteMs)
    versions.told[place] = told
    return told
  }

  /** How a device that is gone stood last. */
  last(agentId: string, deviceId: string): Device | undefined {
    return this.#agents
      .get(agentId)
      ?.past.get(deviceId)
      ?.findLast(({ device }) => device)?.device
  }

  #set(agentId: string, deviceId: string, past: readonly PastDevice[]): void {
    const versions = this.#agents.get(agentId) ?? { past: new Map(), edges: [], told: [] }
    this.#agents.set(agentId, versions)
    versions.past.set(deviceId, past)
    versions.edges = [...new Set([...versions.edges, ...past.map(({ toMs }) => toMs)])].sort((a, b) => a - b)
    versions.told = []
  }
}

/** What is to be kept of a device that is told otherwise, came again or is gone; undefined where nothing is. */
function pastWith(
  past: readonly PastDevice[] = [],
  before: Device | undefined,
  now: Device | undefined,
  toMs: number,
): PastDevice[] | undefined {
  if (toMs <= (past.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY)) return undefined
  // one that is new was never anything else
  const isNoNews = before ? now && isWiredAlike(before, now) : !now || past.at(-1)?.device === undefined
  return isNoNews
    ? undefined
    : [...past, before ? { toMs, device: kept(before) } : { toMs }].slice(-MOST_KEPT)
}

/** The versions of a device where it stood as now in a time in which it was there. */
function correctedPast(past: readonly PastDevice[], now: Device, fromMs: number, toMs: number): PastDevice[] {
  const pieces: PastDevice[] = []
  const add = (endMs: number, device: Device | undefined) => {
    const last = pieces.at(-1)
    if (last && isSame(last.device, device)) last.toMs = endMs
    else pieces.push(device ? { toMs: endMs, device } : { toMs: endMs })
  }
  for (const { toMs: endMs, device } of past) {
    const beginMs = pieces.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY
    if (!device || endMs <= fromMs || beginMs >= toMs) {
      add(endMs, device)
      continue
    }
    if (beginMs < fromMs) add(fromMs, device)
    add(Math.min(endMs, toMs), kept(now))
    if (endMs > toMs) add(endMs, device)
  }
  // up to now it stood as now
  return isSame(pieces.at(-1)?.device, now) ? pieces.slice(0, -1) : pieces
}

const isSame = (a: Device | undefined, b: Device | undefined): boolean =>
  a && b ? isWiredAlike(a, b) : a === b

function stoodAt(present: Told, past: ReadonlyMap<string, readonly PastDevice[]>, minuteMs: number): Told {
  const told = new Map<string, Device>()
  for (const deviceId of new Set([...present.keys(), ...past.keys()])) {
    const now = present.get(deviceId)
    const version = past.get(deviceId)?.find(({ toMs }) => minuteMs < toMs)
    const device = version ? version.device && wiredAs(version.device, now) : now
    if (device) told.set(deviceId, device)
  }
  return told
}

/** A device wired as it was, and otherwise as it is told now. */
function wiredAs(before: Device, now: Device | undefined): Device {
  if (!now) return before
  const device: Partial<Record<keyof Device, unknown>> = { ...now }
  for (const field of WIRING)
    if (before[field] === undefined) delete device[field]
    else device[field] = before[field]
  return device as Device
}
