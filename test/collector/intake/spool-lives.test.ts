import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { Checkpoint } from '../../../agent/uplink/spool/checkpoint.ts'
import type { LifeState } from '../../../agent/uplink/spool/life.ts'
import { Spool } from '../../../agent/uplink/spool/spool.ts'
import { beginOf } from '../../../collector/rows/mark-file.ts'
import { decodeIntervals, encodeIntervals, type Interval, intervalKey } from '../../../protocol/interval.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { LedgerRig, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'perwatt-lives-'))
  folders.push(folder)
  return folder
}

const DEVICES = ['rig1', 'rig2']
const STEPS = [
  'minute',
  'minute',
  'deliver',
  'deliver',
  'unanswered',
  'restart',
  'kill',
  'backup',
  'restore',
] as const
type Step = (typeof STEPS)[number] | 'empty'

/** An agent's spool, its backup, and the collector's writer; the agent records one minute of each device in turn. */
class Site {
  readonly store = new MemoryStore()
  rig = new LedgerRig(this.store)
  spool!: Spool
  backup: string | undefined
  minute = 0
  folder = newFolder()
  /** device-minutes that were in an overwritten folder alone, and the collector can't have known of */
  unknown = 0
  /** those of which it must know, because the records after them have other numbers than it has stored */
  known = 0
  readonly #numbers = new Map<string, string>()

  async start(): Promise<this> {
    await this.rig.start()
    await this.open()
    return this
  }

  async open(): Promise<void> {
    const settings = { maxBytes: 2 ** 24, maxAgeMs: 7 * 86_400_000, nowMs: () => this.nowMs, log: SILENT }
    this.spool = new Spool({ folder: this.folder, ...settings })
    await this.spool.open()
  }

  get nowMs(): number {
    return T0 + this.minute * MINUTE_MS
  }

  async step(step: Step): Promise<void> {
    this.rig.nowMs = this.nowMs + 1000
    if (step === 'minute') await this.#minute()
    else if (step === 'deliver') await this.deliver(true)
    else if (step === 'unanswered') await this.deliver(false)
    else if (step === 'backup') this.backup = this.#copyOf(this.folder)
    else if (step === 'restore') await this.#restore()
    else if (step === 'empty') await this.#empty()
    else {
      if (step === 'restart') await this.spool.close()
      else {
        // what a kill leaves
        const left = this.#copyOf(this.folder)
        await this.spool.close()
        this.folder = left
      }
      await this.open()
    }
  }

  async #minute(): Promise<void> {
    const startMs = this.nowMs
    this.minute++
    // `energyMilliJ` tells the records of one device and minute apart: each is closed once
    this.spool.append(
      DEVICES.map((deviceId) => ({
        deviceId,
        owner: {},
        startMs,
        durationMs: MINUTE_MS,
        coveredMs: MINUTE_MS,
        energyMilliJ: 1000 + this.minute,
      })),
    )
    await this.spool.commit()
  }

  /** Everything that waits, as the agent sends it. @param answered false: the collector has it, and its answer is lost */
  async deliver(answered: boolean): Promise<void> {
    for (let from = this.spool.oldestSeq, n = 0; n < 50; n++) {
      const read = await this.spool.read(from, 3)
      if (!read) return
      const batch = decodeIntervals(JSON.parse(JSON.stringify(encodeIntervals(read, this.nowMs))))
      this.#see(batch.life ?? '', batch.firstSeq, batch.intervals)
      const answer = await this.rig.take(batch)
      if (!answer) throw new Error('not stored')
      from = answer.life === batch.life ? answer.seq + 1 : from
      if (!answered && answer.life === batch.life) continue
      if (!answered) return
      if (answer.life !== this.spool.life) await this.spool.renumber({ above: answer.epoch })
      else {
        expect(answer).toMatchObject({ epoch: this.spool.epoch, life: this.spool.life })
        this.spool.trim(answer.seq)
        if (!answer.resend) this.spool.confirm()
      }
      from = Math.max(this.spool.oldestSeq, from)
    }
  }

  /** A number never means two records. */
  #see(life: string, firstSeq: number, records: readonly Interval[]): void {
    for (const [i, r] of records.entries()) {
      const number = `${life} ${firstSeq + i}`
      const record = `${r.deviceId} ${r.startMs} ${r.energyMilliJ}`
      expect(this.#numbers.get(number) ?? record).toBe(record)
      this.#numbers.set(number, record)
    }
  }

  async #restore(): Promise<void> {
    if (!this.backup) return
    const mark = this.store.marks.get('a')
    const overwritten = await this.#waiting()
    const before = this.spool.life
    await this.spool.close()
    this.folder = this.#copyOf(this.backup)
    await this.open()
    const kept = new Set(await this.#waiting())
    const { after = [] } = (await new Checkpoint(this.folder).read()) as LifeState
    const shared = after.find((a) => a.life === mark?.life)
    const gone = overwritten.filter((key) => !kept.has(key)).length
    // the backup is not behind what is stored, or what it overwrites has delivered nothing: as if the agent was off since then
    // and of machines of which it has nothing any more the collector knows no gap
    const looksOff = !mark?.seq || mark.life !== before || (shared && mark.seq <= shared.seq)
    if (looksOff) this.unknown += gone
    else this.known += gone
  }

  /** The database loses all that it held, the losses too. */
  async #empty(): Promise<void> {
    const { store, rig } = this
    store.records.clear()
    store.lost.length = 0
    for (const [agentId, mark] of store.marks) store.marks.set(agentId, beginOf(mark))
    // what the records themselves would have told of a gap is gone with them
    this.unknown += this.known
    this.known = 0
    await rig.records.start()
  }

  /** Keys of the records that wait in this folder and are not stored. */
  async #waiting(): Promise<string[]> {
    const keys: string[] = []
    for (let seq = this.spool.oldestSeq; ; ) {
      const batch = await this.spool.read(seq, 500)
      if (!batch) return keys.filter((key) => !this.store.records.has(key))
      keys.push(...batch.intervals.map((r) => `a|${intervalKey(r)}`))
      seq = batch.firstSeq + batch.intervals.length
    }
  }

  #copyOf(folder: string): string {
    const copy = newFolder()
    cpSync(folder, copy, { recursive: true })
    return copy
  }
}

it('every minute is stored once, or counted as lost, through restarts, kills, backups and lost answers (property)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { minLength: 5, maxLength: 40 }), async (steps) => {
      const site = await new Site().start()
      for (const step of steps) await site.step(step)
      // what came last is delivered
      for (const step of ['minute', 'deliver', 'minute', 'deliver'] as const) await site.step(step)
      const stored = [...site.store.records.values()]
      const minutes = new Set(stored.map((r) => `${r.deviceId} ${r.startMs}`))
      expect(minutes.size).toBe(stored.length)
      const lost = site.store.lost.reduce((sum, loss) => sum + loss.records, 0)
      const missing = site.minute * DEVICES.length - minutes.size
      expect(lost).toBeLessThanOrEqual(missing)
      expect(lost).toBeGreaterThanOrEqual(site.known)
      expect(lost + site.unknown).toBeGreaterThanOrEqual(missing)
      await site.spool.close()
      await site.rig.stop()
    }),
    { numRuns: 40 },
  )
})

it('what a database loses is counted whole, also of lives before and of losses that it knew (property)', async () => {
  const step = fc.constantFrom<Step>(...STEPS, 'empty')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const site = await new Site().start()
      for (const each of steps) await site.step(each)
      for (const each of ['minute', 'deliver', 'empty', 'minute', 'deliver', 'minute', 'deliver'] as const)
        await site.step(each)
      const stored = [...site.store.records.values()]
      const lost = site.store.lost.reduce((sum, loss) => sum + loss.records, 0)
      const missing = site.minute * DEVICES.length - stored.length
      // of a spool that went back, what may be missing is counted
      if (!steps.includes('restore')) expect(lost).toBe(missing)
      expect(lost + site.unknown).toBeGreaterThanOrEqual(missing)
      await site.spool.close()
      await site.rig.stop()
    }),
    { numRuns: 40 },
  )
})
