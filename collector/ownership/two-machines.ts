import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { NamedDevice } from '../plugin/claim-store.ts'
import { isAddress } from './identity.ts'
import type { OwnershipRegister } from './register.ts'

/** So many minutes of both are compared, and none that are older than this before the newest. */
const LEAST_MINUTES = 120
const KEPT_MS = 6 * HOUR_MS
/** Minutes around one that say what is usual then. */
const AROUND = 15
/**
 * One machine that two agents read every minute is above or below its usual work in the same minutes, in 77 of 100 or more; two machines are in 50, and
 * in 60 of 120 minutes or fewer with 98 of 100.
 */
const MOST_ALIKE = 0.6
/** A device with less than this part of another's work does not do that machine's work. */
const LEAST_SHARE = 1 / 1000

/** Work of a waiting device, and of the one that has its address. */
type Minute = { own?: number; other?: number }

interface Pair {
  waiting: NamedDevice
  minutes: Map<number, Minute>
}

/**
 * Compares the work of devices that wait for their address alone with the work of the devices that have it. Where two agents read one machine, its
 * accepted shares come and go together; where they don't, these are two machines, and the one that waits need not.
 */
export class TwoMachines {
  readonly #register: OwnershipRegister
  readonly #onTwo: (waiting: NamedDevice) => void
  #version = -1
  /** by the name of each of the two */
  #pairs = new Map<string, { pair: Pair; side: keyof Minute }[]>()

  /** @param onTwo told of a device that waits though it is another machine; again with each of its minutes until it waits no more */
  constructor(register: OwnershipRegister, onTwo: (waiting: NamedDevice) => void) {
    this.#register = register
    this.#onTwo = onTwo
  }

  /** Takes in an agent's records as they come, held or not. */
  note(agentId: string, records: readonly Omit<AgentInterval, 'agentId'>[]): void {
    this.#renew()
    if (this.#pairs.size === 0) return
    const changed = new Set<Pair>()
    for (const record of records)
      for (const { pair, side } of this.#pairs.get(nameOf({ agentId, deviceId: record.deviceId })) ?? []) {
        const work = workOf(record)
        if (work === undefined) continue
        const minuteMs = minuteOf(record.startMs)
        const minute = pair.minutes.get(minuteMs) ?? {}
        pair.minutes.set(minuteMs, { ...minute, [side]: (minute[side] ?? 0) + work })
        changed.add(pair)
      }
    for (const pair of changed) {
      const newestMs = Math.max(...pair.minutes.keys())
      for (const ms of pair.minutes.keys()) if (ms < newestMs - KEPT_MS) pair.minutes.delete(ms)
      if (areTwo([...pair.minutes].sort(([a], [b]) => a - b).map(([, minute]) => minute)))
        this.#onTwo(pair.waiting)
    }
  }

  #renew(): void {
    if (this.#version === this.#register.version) return
    this.#version = this.#register.version
    const before = this.#pairs
    this.#pairs = new Map()
    for (const { agentId, deviceId, rival } of this.#register.all()) {
      // another may have its name or its MAC too
      if (!rival || !isAddress(rival.key) || this.#register.rivalsOf({ agentId, deviceId }).length > 1)
        continue
      const [waiting, owner] = [
        { agentId, deviceId },
        { agentId: rival.agentId, deviceId: rival.deviceId },
      ]
      const known = before
        .get(nameOf(waiting))
        ?.find(({ side, pair }) => side === 'own' && before.get(nameOf(owner))?.some((o) => o.pair === pair))
      const pair = known?.pair ?? { waiting, minutes: new Map() }
      for (const [name, side] of [
        [nameOf(waiting), 'own'],
        [nameOf(owner), 'other'],
      ] as const)
        this.#pairs.set(name, [...(this.#pairs.get(name) ?? []), { pair, side }])
    }
  }
}

/** @param minutes in order of time */
export function areTwo(minutes: readonly Minute[]): boolean {
  const both = minutes.flatMap(({ own, other }): [number, number][] =>
    own === undefined || other === undefined ? [] : [[own, other]],
  )
  if (both.length < LEAST_MINUTES) return false
  const sum = (side: 0 | 1) => both.reduce((all, minute) => all + minute[side], 0)
  const [less = 0, more = 0] = [sum(0), sum(1)].sort((a, b) => a - b)
  if (less < LEAST_SHARE * more) return true
  const alike = both.flatMap(([own, other], i) => {
    const around = both.slice(Math.max(0, i - AROUND), i + AROUND + 1)
    const usual = (side: 0 | 1) => around.reduce((all, minute) => all + minute[side], 0) / around.length
    const beside = (own - usual(0)) * (other - usual(1))
    return beside === 0 ? [] : [beside > 0]
  })
  return alike.length >= LEAST_MINUTES && alike.filter(Boolean).length <= MOST_ALIKE * alike.length
}

/** Counted work; undefined where some is estimated, which follows no shares. */
function workOf(record: Omit<AgentInterval, 'agentId'>): number | undefined {
  const { workDiff1 = 0, estimatedWorkDiff1 = 0, tokensIn = 0, tokensOut = 0 } = record
  return estimatedWorkDiff1 > 0 ? undefined : workDiff1 + tokensIn + tokensOut
}

const nameOf = ({ agentId, deviceId }: NamedDevice): string => `${agentId}\n${deviceId}`
