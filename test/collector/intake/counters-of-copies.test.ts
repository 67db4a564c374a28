import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { Metering } from '../../../agent/metering/metering.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { Spool } from '../../../agent/uplink/spool/spool.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { LedgerRig, T0 } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function copyOf(folder?: string): string {
  const copy = mkdtempSync(join(tmpdir(), 'perwatt-counters-'))
  folders.push(copy)
  if (folder) cpSync(folder, copy, { recursive: true })
  return copy
}

const POLL_MS = 4_000
const OWNER = { poolUrl: 'stratum+tcp://pool.example:3333', poolUser: 'site.rig1' }

/** A miner whose counter of work moves in shares, and an agent program on a folder that reads it. */
class World {
  nowMs = T0
  /** difficulty-1 shares by a pseudo-random walk: a share now and then */
  work = 1_000_000
  readonly #seed: () => number
  constructor(seed: () => number) {
    this.#seed = seed
  }
  step(): void {
    this.nowMs += POLL_MS
    if (this.#seed() < 0.4) this.work += 65_536
  }
  reading(): Reading {
    return {
      identity: { kind: 'asic' },
      sample: { state: 'hashing', uptimeS: Math.floor((this.nowMs - T0) / 1000) + 100_000 },
      counters: { byOwner: [{ owner: OWNER, workDiff1: this.work }] },
    }
  }
}

class Program {
  readonly spool: Spool
  metering!: Metering
  readonly #world: World
  readonly folder: string
  constructor(world: World, folder: string) {
    this.#world = world
    this.folder = folder
    this.spool = new Spool({
      folder,
      maxBytes: 2 ** 24,
      maxAgeMs: 7 * 86_400_000,
      nowMs: () => world.nowMs,
      log: SILENT,
    })
  }
  async start(): Promise<this> {
    await this.spool.open()
    this.metering = new Metering(this.spool, 3 * POLL_MS)
    return this
  }
  async poll(): Promise<void> {
    const { nowMs } = this.#world
    const at = { wallMs: nowMs, steadyMs: nowMs - T0 }
    this.metering.observe('rig1', this.#world.reading(), at)
    await this.metering.beat(at)
  }
  async deliver(rig: LedgerRig): Promise<void> {
    rig.nowMs = this.#world.nowMs + 500
    for (let n = 0; n < 20; n++) {
      const batch = await this.spool.read(this.spool.oldestSeq, 50)
      if (!batch) return
      const answer = await rig.take(batch)
      if (!answer) throw new Error('not stored')
      if (answer.life !== this.spool.life) await this.spool.renumber({ above: answer.epoch })
      else {
        this.spool.trim(answer.seq)
        if (!answer.resend) this.spool.confirm()
      }
    }
  }
  async stop(rig: LedgerRig): Promise<void> {
    await this.metering.close()
    await this.deliver(rig)
    await this.spool.close()
  }
}

const STEPS = [
  'wait',
  'wait',
  'wait',
  'deliver',
  'restart',
  'kill',
  'backup',
  'restore',
  'copy',
  'swap',
  'return',
  'fight',
] as const

it('what a machine counted is in the store to the unit, through restores, rolled-back and copied spools (property)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.integer({ min: 1, max: 25 })), {
        minLength: 4,
        maxLength: 14,
      }),
      fc.integer(),
      async (steps, seed) => {
        let x = seed >>> 0
        const world = new World(() => {
          x = (Math.imul(x, 1664525) + 1013904223) >>> 0
          return x / 2 ** 32
        })
        const store = new MemoryStore()
        const rig = await new LedgerRig(store).start()
        const first = world.work
        let agent = await new Program(world, copyOf()).start()
        let copy: Program | undefined
        let backup: string | undefined
        let left: string | undefined
        const run = async (n: number) => {
          for (let i = 0; i < n; i++) {
            world.step()
            await agent.poll()
            await copy?.poll()
          }
        }
        await agent.poll()
        await run(3)
        for (const [step, n] of steps) {
          if (step === 'wait') await run(n)
          else if (step === 'deliver') await agent.deliver(rig)
          else if (step === 'backup') backup = copyOf(agent.folder)
          else if (step === 'restart') {
            await agent.stop(rig)
            for (let i = 0; i < n; i++) world.step()
            agent = await new Program(world, agent.folder).start()
          } else if (step === 'kill') {
            const killed = copyOf(agent.folder)
            await agent.spool.close()
            for (let i = 0; i < n; i++) world.step()
            agent = await new Program(world, killed).start()
          } else if (step === 'restore' && backup) {
            await agent.spool.close()
            world.step()
            agent = await new Program(world, copyOf(backup)).start()
          } else if (step === 'copy' && !copy) copy = await new Program(world, copyOf(agent.folder)).start()
          else if (step === 'swap' && copy) {
            // the first ends, the copy goes on in its place
            await agent.stop(rig)
            left = agent.folder
            agent = copy
            copy = undefined
          } else if (step === 'return' && left) {
            // the copy ends, and the first goes on where it ended
            await agent.stop(rig)
            for (let i = 0; i < n; i++) world.step()
            agent = await new Program(world, left).start()
            left = undefined
          } else if (step === 'fight') await copy?.deliver(rig)
        }
        await run(4)
        await agent.deliver(rig)
        await run(30)
        await agent.stop(rig)
        const stored = [...store.records.values()].reduce((sum, r) => sum + (r.workDiff1 ?? 0), 0)
        expect(stored).toBe(world.work - first)
        await copy?.spool.close()
        await rig.stop()
      },
    ),
    { numRuns: 60 },
  )
})
