import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Metering } from '../../../agent/metering/metering.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { Spool } from '../../../agent/uplink/spool/spool.ts'
import type { AgentBatch, BatchAnswer } from '../../../collector/intake/batch-plan.ts'
import { decodeIntervals, encodeIntervals } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { type LedgerRig, T0 } from '../ledger-rig.ts'

export const AGENT = 'a'
/** Each machine is polled every other beat: their minutes close, and are sent, at other moments. */
const BEAT_MS = 2_000
const POLL_MS = 2 * BEAT_MS
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig' }

/** Spool folders on a temporary disk. */
export class Folders {
  readonly #all: string[] = []

  /** A new folder, with the contents of another as they are now. */
  copyOf(folder?: string): string {
    const copy = mkdtempSync(join(tmpdir(), 'perwatt-counters-'))
    this.#all.push(copy)
    if (folder) cpSync(folder, copy, { recursive: true })
    return copy
  }

  remove(): void {
    for (const folder of this.#all.splice(0)) rmSync(folder, { recursive: true, force: true })
  }
}

/** Miners whose counters of work move in shares: `often` finds one now and then, `seldom` a large one every other minute. */
export class World {
  static readonly MACHINES = { often: [0.2, 65_536], seldom: [0.02, 2 ** 20] } as const
  nowMs = T0
  /** how much harder than usual the machines work; 0: they sleep */
  pace = 1
  /** difficulty-1 shares since long ago */
  readonly work: Record<string, number> = { often: 1_000_000, seldom: 50_000_000 }
  /** what the counters did not show any more since the last reboot of the machines, and when that was */
  #before: Readonly<Record<string, number>> = {}
  #bootMs = T0 - 100_000_000
  readonly #random: () => number

  /** @param seed of a pseudo-random walk */
  constructor(seed: number) {
    let x = seed >>> 0
    this.#random = () => {
      x = (Math.imul(x, 1664525) + 1013904223) >>> 0
      return x / 2 ** 32
    }
  }

  /** The machines begin to count again. */
  reboot(): void {
    this.#before = { ...this.work }
    this.#bootMs = this.nowMs
  }

  step(): void {
    this.nowMs += BEAT_MS
    for (const [id, [chance, share]] of Object.entries(World.MACHINES))
      if (this.#random() < chance * this.pace) this.work[id] = (this.work[id] ?? 0) + share
  }

  /** @param blind the reply of the pools is missing: the next reading with it catches up */
  reading(id: string, blind: boolean): Reading {
    const workDiff1 = (this.work[id] ?? 0) - (this.#before[id] ?? 0)
    return {
      identity: { kind: 'asic' },
      sample: {
        state: 'hashing',
        powerW: 3_000,
        hashrateHs: 30e12,
        holders: [{ owner: OWNER, share: 1 }],
        uptimeS: Math.floor((this.nowMs - this.#bootMs) / 1000),
      },
      ...(blind ? {} : { counters: { byOwner: [{ owner: OWNER, workDiff1 }] } }),
    }
  }
}

/** What an agent program does with its machines and its spool, without the network. */
export class AgentProgram {
  readonly spool: Spool
  readonly folder: string
  readonly #world: World
  #metering: Metering | undefined
  /** beats that will find no machine, and that will find machines without their pools */
  silent = 0
  blind = 0

  constructor(world: World, folder: string) {
    this.#world = world
    this.folder = folder
    const nowMs = () => world.nowMs
    this.spool = new Spool({ folder, maxBytes: 2 ** 24, maxAgeMs: 7 * 86_400_000, nowMs, log: SILENT })
  }

  async start(): Promise<this> {
    await this.spool.open()
    this.#metering = new Metering(this.spool, 3 * POLL_MS)
    return this
  }

  /** Polls the machines whose turn it is, and closes the minutes that are over. */
  async beat(): Promise<void> {
    const { nowMs } = this.#world
    const at = { wallMs: nowMs, steadyMs: nowMs - T0 }
    const isSilent = this.silent > 0 && this.silent--
    const isBlind = !isSilent && this.blind > 0 && this.blind-- > 0
    const turn = (nowMs - T0) / BEAT_MS
    for (const [i, id] of Object.keys(World.MACHINES).entries())
      if (!isSilent && (turn + i) % 2 === 0) this.#metering?.observe(id, this.#world.reading(id, isBlind), at)
    await this.#metering?.beat(at)
  }

  /** The oldest messages that wait, as the collector decodes them. */
  async messages(count: number, records: number): Promise<AgentBatch[]> {
    const found: AgentBatch[] = []
    for (let seq = this.spool.oldestSeq; found.length < count; ) {
      const batch = await this.spool.read(seq, records)
      if (!batch) break
      const message = JSON.parse(JSON.stringify(encodeIntervals(batch, this.#world.nowMs)))
      found.push({ agentId: AGENT, batch: decodeIntervals(message) })
      seq = batch.firstSeq + batch.intervals.length
    }
    return found
  }

  /** @returns whether the answer was to this life */
  async hear(answer: BatchAnswer): Promise<boolean> {
    const { spool } = this
    if (answer.life === spool.life) {
      spool.trim(answer.seq)
      if (!answer.resend) spool.confirm()
      return true
    }
    if (answer.epoch >= spool.epoch) await spool.renumber({ above: answer.epoch })
    return false
  }

  /** Everything that waits. @param together messages that arrive at once */
  async deliver(rig: LedgerRig, together = 1, records = 50): Promise<void> {
    rig.nowMs = this.#world.nowMs + 500
    for (let turn = 0; turn < 200; turn++) {
      const messages = await this.messages(together, records)
      if (messages.length === 0) return
      for (const answer of await rig.records.takeAll(messages)) {
        // the store failed: it is sent again later
        if (!answer) return
        if (!(await this.hear(answer))) break
      }
    }
    throw new Error('delivery does not end')
  }

  /** The program ends; what waits is delivered where a collector is given. */
  async stop(rig?: LedgerRig): Promise<void> {
    await this.#metering?.close()
    if (rig) await this.deliver(rig)
    await this.spool.close()
  }
}
