import type { Device } from '../../protocol/device.ts'
import { HOUR_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { DeviceClaim } from '../plugin/claim-store.ts'
import { ENERGY_ALONE, type HeldMark, type Hold, type RecordHold } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Append, Store } from '../plugin/store.ts'
import type { Withdrawal } from './changes.ts'
import { keyText } from './identity.ts'
import type { Appearance } from './precedence.ts'
import type { OwnershipRegister } from './register.ts'

/** Records of a put-aside device are held under this name. */
const SECOND_AGENT = 'second-agent'
/** Records that were taken back so recently are looked at again by a start: their minutes may not have been settled since. */
const AGAIN_MS = 24 * HOUR_MS
/** Stored records are read in pieces of this, to hold them. */
const PIECE_MS = 12 * HOUR_MS

export interface ClaimKeeperOptions {
  store: Store
  register: OwnershipRegister
  nowMs: () => number
  /** what counts in these minutes has changed: they are to be settled again */
  note(minutes: Iterable<number>): void
  /** records that come, held or not, for whoever compares devices that wait with others; absent: nobody does */
  compare?(agentId: string, records: Append['records']): void
}

/** Keeps the register of owners in the store, and holds the records of devices that are put aside. */
export class ClaimKeeper {
  readonly #o: ClaimKeeperOptions
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ClaimKeeperOptions) {
    this.#o = options
  }

  /**
   * Reads the claims that are stored. A store of an earlier perwatt has none: then each device belongs to the agent whose records of it
   * begin first. Call it before an agent is heard, and again where another collector has used the store.
   * @param inventories as they were heard last
   */
  async start(inventories: Iterable<readonly [agentId: string, devices: readonly Device[]]>): Promise<void> {
    const { store, register, nowMs } = this.#o
    const claims = await store.claims()
    register.load(claims)
    await this.withdraw(withdrawnAfter(claims, nowMs() - AGAIN_MS))
    for (const [agentId, devices] of inventories) register.hear(agentId, devices, nowMs())
    if (claims.length === 0) await this.#beginWithHistory()
    await this.flush()
  }

  async #beginWithHistory(): Promise<void> {
    const { store, register, nowMs } = this.#o
    const appearances: Appearance[] = []
    for (const agentId of [...(await store.highWaters()).keys()].sort())
      for (const [deviceId, { firstMs }] of await store.recordTimes(agentId))
        appearances.push({ agentId, deviceId, fromMs: firstMs })
    register.remember(appearances, nowMs())
  }

  /** An agent's inventory. What it changes is stored beside; where the store fails, with the next records. */
  hear(agentId: string, devices: readonly Device[]): void {
    this.#o.register.hear(agentId, devices, this.#o.nowMs())
    void this.flush().catch(() => undefined)
  }

  /** Records are about to be stored: those of devices that belong to another agent are held. Rejects where the store fails. */
  async arriving(appends: readonly Append[]): Promise<Append[]> {
    const { register, nowMs, compare } = this.#o
    register.appear(appearancesOf(appends), nowMs())
    for (const { agentId, records } of appends) {
      compare?.(agentId, records)
      register.past.recorded(agentId, newestEndMs(records))
    }
    await this.flush()
    const heldMs = nowMs()
    return appends.map((append) => {
      const holds = append.records.flatMap((record): RecordHold[] => {
        const hold = this.#holdOf(append.agentId, record)
        return hold ? [{ ...hold, record, heldMs }] : []
      })
      return holds.length === 0 ? append : { ...append, holds: [...(append.holds ?? []), ...holds] }
    })
  }

  /** Minutes with these records are about to be settled: their claims stand from now on. Rejects where the store fails. */
  async settling(records: readonly AgentInterval[]): Promise<void> {
    this.#o.register.settle(records)
    await this.flush()
  }

  /** Stores what changed: first the holds, so that nothing counts twice where it stops half-way. Rejects where the store fails. */
  flush(): Promise<void> {
    const turn = this.#turn.then(() => this.#flush())
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #flush(): Promise<void> {
    const { store, register } = this.#o
    const changes = register.takeChanges()
    if (changes.claims.length === 0 && changes.withdrawals.length === 0) return
    try {
      await this.withdraw(changes.withdrawals)
      await store.writeClaims(changes.claims)
    } catch (error) {
      register.putBack(changes)
      throw error
    }
  }

  /** Holds the records of devices that count from a time on. Asked again it does what is left. */
  async withdraw(withdrawals: readonly Withdrawal[]): Promise<void> {
    const agents = new Map<string, Map<string, Withdrawal>>()
    for (const withdrawal of withdrawals) {
      const devices = agents.get(withdrawal.agentId) ?? new Map<string, Withdrawal>()
      agents.set(withdrawal.agentId, devices.set(withdrawal.deviceId, withdrawal))
    }
    for (const [agentId, devices] of agents) await this.#withdraw(agentId, devices)
  }

  async #withdraw(agentId: string, devices: ReadonlyMap<string, Withdrawal>): Promise<void> {
    const { store, nowMs, note } = this.#o
    const times = await store.recordTimes(agentId)
    let [beginMs, endMs] = [Number.POSITIVE_INFINITY, 0]
    for (const [deviceId, { fromMs }] of devices) {
      const known = times.get(deviceId)
      if (!known) continue
      beginMs = Math.min(beginMs, Math.max(known.firstMs, fromMs))
      endMs = Math.max(endMs, known.endMs)
    }
    if (endMs === 0) return
    for (let at = minuteOf(beginMs); at < endMs; at += PIECE_MS) {
      const marks = (await this.#recordsOf(agentId, at, at + PIECE_MS)).flatMap((record): HeldMark[] => {
        const { deviceId, owner, startMs } = record
        const withdrawal = devices.get(deviceId)
        if (!withdrawal || startMs < withdrawal.fromMs) return []
        return [{ agentId, deviceId, owner, startMs, heldMs: nowMs(), ...holdFor(withdrawal) }]
      })
      if (marks.length > 0) await store.hold(marks)
    }
    // also what an earlier attempt held, which a stop may have left with its old figures
    const held = await store.held(
      {
        kinds: ['claim'],
        agents: [agentId],
        devices: [...devices.keys()],
        fromMs: minuteOf(beginMs),
        toMs: endMs,
      },
      ALL_HELD,
    )
    note(new Set(held.map(({ record }) => minuteOf(record.startMs))))
  }

  /** Those that count, with those whose energy alone does not. */
  async #recordsOf(agentId: string, fromMs: number, toMs: number): Promise<AgentInterval[]> {
    const { store } = this.#o
    const filter = { kinds: ['doubt'] as const, checks: [ENERGY_ALONE], agents: [agentId], fromMs, toMs }
    const doubted = await store.held(filter, ALL_HELD)
    return [...(await store.intervals(fromMs, toMs, agentId)), ...doubted.map(({ record }) => record)]
  }

  #holdOf(agentId: string, { deviceId, startMs }: { deviceId: string; startMs: number }): Hold | undefined {
    const claim = this.#o.register.claim(agentId, deviceId)
    if (!claim || this.#o.register.counts(agentId, deviceId, startMs)) return undefined
    return holdFor(claim)
  }
}

function holdFor({ agentId, deviceId, rival }: Pick<DeviceClaim, 'agentId' | 'deviceId' | 'rival'>): Hold {
  const owner = rival
    ? `${rival.deviceId} of agent ${rival.agentId}: both have ${keyText(rival.key)}`
    : 'a device of another agent'
  return {
    kind: 'claim',
    check: SECOND_AGENT,
    reason: `${deviceId}, read by agent ${agentId}, is the machine ${owner}; adopt it if ${agentId} takes over, or remove it from its configuration`,
  }
}

/** What was taken back after a time. */
const withdrawnAfter = (claims: readonly DeviceClaim[], sinceMs: number): Withdrawal[] =>
  claims.flatMap(({ agentId, deviceId, rival, withdrawn }) =>
    rival && withdrawn && withdrawn.atMs > sinceMs
      ? [{ agentId, deviceId, fromMs: withdrawn.fromMs, rival }]
      : [],
  )

const newestEndMs = (records: Append['records']): number =>
  records.reduce((newest, { startMs, durationMs }) => Math.max(newest, startMs + durationMs), 0)

/** The earliest record of each device. */
function appearancesOf(appends: readonly Append[]): Appearance[] {
  const first = new Map<string, Map<string, number>>()
  for (const { agentId, records } of appends) {
    const devices = first.get(agentId) ?? new Map<string, number>()
    first.set(agentId, devices)
    for (const { deviceId, startMs } of records) {
      const known = devices.get(deviceId)
      if (known === undefined || startMs < known) devices.set(deviceId, startMs)
    }
  }
  return [...first].flatMap(([agentId, devices]) =>
    [...devices].map(([deviceId, fromMs]) => ({ agentId, deviceId, fromMs })),
  )
}
