import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { NamedDevice } from '../plugin/claim-store.ts'
import { isAddress } from './identity.ts'
import type { OwnershipRegister } from './register.ts'

/** So many minutes of both are compared, and none that are older than this before the newest. */
const LEAST_MINUTES = 60
const KEPT_MS = 6 * HOUR_MS
/** Minutes around one that say what is usual then. */
const AROUND = 15
/**
 * One machine that two agents read every minute is above or below its usual work in the same minutes, in 77 of 100 or more; two machines are in 50, and
 * in 60 of 100 or fewer of 120 minutes 98 times of 100. Of 60 minutes of one machine never fewer than 58 of 100 were alike (3,200 simulated).
 */
const MOST_ALIKE = 0.6
const MOST_ALIKE_AT_FIRST = 0.5
const SURE_MINUTES = 120
/** A machine that moved onto an address and of which no counted work comes from there for so many minutes, while the other works, is not there. */
const UNREAD_MINUTES = 60
/** A device with less than this part of another's work does not do that machine's work. */
const LEAST_SHARE = 1 / 1000

/** Work of a waiting device, and of the one that has its address. */
type Minute = { own?: number; other?: number }

/** Told of a device that waits and need not; again with each of its minutes until it waits no more. */
export interface Found {
  /** it is another machine than the one that has its address */
  two(waiting: NamedDevice): void
  /** a machine moved onto its address and took its place, and is not read there */
  unread(waiting: NamedDevice): void
}

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
  readonly #on: Found
  #version = -1
  /** by the name of each of the two */
  #pairs = new Map<string, { pair: Pair; side: keyof Minute }[]>()

  constructor(register: OwnershipRegister, on: Found) {
    this.#register = register
    this.#on = on
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
      const minutes = [...pair.minutes].sort(([a], [b]) => a - b).map(([, minute]) => minute)
      const { agentId, deviceId } = pair.waiting
      if (areTwo(minutes)) this.#on.two(pair.waiting)
      else if (this.#register.claim(agentId, deviceId)?.withdrawn?.byMove && isUnread(minutes))
        this.#on.unread(pair.waiting)
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
    // work that is the same each minute follows nothing
    return own === usual(0) && other === usual(1) ? [] : [beside > 0]
  })
  const sure = Math.min(1, (alike.length - LEAST_MINUTES) / (SURE_MINUTES - LEAST_MINUTES))
  const most = MOST_ALIKE_AT_FIRST + sure * (MOST_ALIKE - MOST_ALIKE_AT_FIRST)
  return alike.length >= LEAST_MINUTES && alike.filter(Boolean).length <= most * alike.length
}

/** Whether the device that waits works, and nothing that can be compared comes of the other one. @param minutes in order of time */
const isUnread = (minutes: readonly Minute[]): boolean => {
  const last = minutes.slice(-UNREAD_MINUTES)
  return last.length === UNREAD_MINUTES && last.every(({ own = 0, other }) => own > 0 && other === undefined)
}

/** Counted work; undefined where some is estimated, which follows no shares. */
function workOf(record: Omit<AgentInterval, 'agentId'>): number | undefined {
  const { workDiff1 = 0, estimatedWorkDiff1 = 0, tokensIn = 0, tokensOut = 0 } = record
  return estimatedWorkDiff1 > 0 ? undefined : workDiff1 + tokensIn + tokensOut
}

const nameOf = ({ agentId, deviceId }: NamedDevice): string => `${agentId}\n${deviceId}`
