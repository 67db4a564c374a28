import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { Doubts } from '../../../collector/doubts/doubts.ts'
import type { Device } from '../../../protocol/device.ts'
import type { Interval } from '../../../protocol/interval.ts'
import { MINUTE_MS } from '../../../protocol/units.ts'
import { LedgerRig } from '../ledger-rig.ts'
import { MemoryStore } from '../memory-store.ts'
import { AGENT, AgentProgram, Folders, World } from './agent-program.ts'

const folders = new Folders()
afterEach(() => folders.remove())

const STEPS = [
  ...['wait', 'wait', 'wait', 'deliver', 'deliver in one turn', 'record by record', 'unanswered'],
  ...['restart', 'cut off', 'kill', 'backup', 'restore', 'restore an older one'],
  ...['copy', 'swap', 'return', 'fight', 'kicked', 'fight in one turn'],
  ...[
    'blind',
    'silent',
    'blind copy',
    'silent copy',
    'starts blind',
    'sleep',
    'hurry',
    'reboot',
    'store fails',
    'collector restarts',
  ],
  ...['copied in mid-commit', 'newest checkpoint damaged', 'segments copied before the checkpoint'],
] as const
type Step = (typeof STEPS)[number]

const rating = (deviceId: string): Device => ({
  deviceId,
  kind: 'asic',
  driver: 'antminer',
  expectedHashrateHs: 60e12,
  ratedPowerW: 3_500,
})

/** An agent, now and then a copy of it on a second machine, backups of its folder, and a collector that judges what it stores. */
class Site {
  readonly store = new MemoryStore()
  readonly world: World
  rig!: LedgerRig
  #agent!: AgentProgram
  #copy: AgentProgram | undefined
  readonly #backups: string[] = []
  /** beats of the next program that will miss the pools */
  #blindStart = 0
  /** folder of an agent that ended while its copy went on */
  #left: string | undefined

  constructor(seed: number) {
    this.world = new World(seed)
  }

  async start(): Promise<this> {
    await this.#openCollector()
    this.#agent = await this.#open(folders.copyOf())
    // the machines begin to work once their counters are known
    this.world.pace = 0
    await this.run(3)
    this.world.pace = 1
    return this
  }

  async #openCollector(): Promise<void> {
    const doubts = new Doubts({
      device: (_, deviceId) => rating(deviceId),
      gpusOf: () => 0,
      powerLimitW: () => undefined,
      nowMs: () => this.rig.nowMs,
    })
    const judge = (agentId: string, record: Interval) => doubts.judge(agentId, record)
    const devices = { device: (_: string, deviceId: string) => rating(deviceId), find: rating }
    this.rig = new LedgerRig(this.store, undefined, [judge], devices, undefined, {
      nowMs: this.world.nowMs,
      onJudged: (failed) => doubts.settled(failed),
    })
    await this.rig.start()
  }

  #open(folder: string): Promise<AgentProgram> {
    const program = new AgentProgram(this.world, folder)
    program.blind = this.#blindStart
    this.#blindStart = 0
    return program.start()
  }

  async run(beats: number): Promise<void> {
    for (let i = 0; i < beats; i++) {
      this.world.step()
      await this.#agent.beat()
      await this.#copy?.beat()
    }
  }

  /** Nobody polls. */
  #pass(beats: number): void {
    for (let i = 0; i < beats; i++) this.world.step()
  }

  async step(step: Step, n: number): Promise<void> {
    const { rig, world } = this
    const [agent, copy] = [this.#agent, this.#copy]
    if (step === 'wait') await this.run(n)
    else if (step === 'deliver') await agent.deliver(rig)
    else if (step === 'deliver in one turn') await agent.deliver(rig, 3, 2)
    else if (step === 'record by record') await agent.deliver(rig, 1, 1)
    else if (step === 'unanswered') await this.#take(await agent.messages(n % 3, 1 + (n % 5)))
    else if (step === 'backup') this.#backups.push(folders.copyOf(agent.folder))
    else if (step === 'restart' || step === 'cut off') {
      await agent.stop(step === 'restart' ? rig : undefined)
      this.#pass(n)
      this.#agent = await this.#open(agent.folder)
    } else if (step === 'kill') await this.#replace(folders.copyOf(agent.folder), n)
    else if (step === 'restore') await this.#replace(this.#backups.at(-1), 1 + (n % 3))
    else if (step === 'restore an older one') await this.#replace(this.#backups.at(-2), n)
    else if (step === 'copied in mid-commit') await this.#replaceMixed(agent.folder, this.#backups.at(-1), n)
    else if (step === 'segments copied before the checkpoint')
      await this.#replaceMixed(this.#backups.at(-1), agent.folder, n)
    else if (step === 'newest checkpoint damaged') {
      const folder = folders.copyOf(agent.folder)
      damageNewestCheckpoint(folder)
      await this.#replace(folder, 1 + (n % 3))
    } else if (step === 'copy' && !copy) this.#copy = await this.#open(folders.copyOf(agent.folder))
    else if (step === 'swap' && copy) {
      // the first ends, the copy goes on in its place
      await agent.stop(n % 2 ? rig : undefined)
      this.#left = agent.folder
      this.#agent = copy
      this.#copy = undefined
    } else if (step === 'return' && this.#left) {
      // the copy ends, and the first goes on where it ended
      await agent.stop(n % 2 ? rig : undefined)
      this.#pass(n)
      this.#agent = await this.#open(this.#left)
      this.#left = undefined
    } else if (step === 'fight') await copy?.deliver(rig, 1 + (n % 2), n)
    else if (step === 'kicked' && copy) await this.#take(await copy.messages(1, n))
    else if (step === 'fight in one turn' && copy)
      await this.#take([...(await copy.messages(1, n)), ...(await agent.messages(2, n))])
    else if (step === 'blind') agent.blind = n
    else if (step === 'silent') agent.silent = n
    else if (step === 'blind copy' && copy) copy.blind = n
    else if (step === 'silent copy' && copy) copy.silent = n
    else if (step === 'starts blind') this.#blindStart = n
    else if (step === 'sleep') world.pace = world.pace > 0 ? 0 : 1
    else if (step === 'hurry') world.pace = 2
    else if (step === 'reboot') world.reboot()
    else if (step === 'store fails') {
      this.store.failure = new Error('disk full')
      await this.#take(await agent.messages(2, n))
      this.store.failure = undefined
    } else if (step === 'collector restarts') {
      await rig.stop()
      await this.#openCollector()
    }
  }

  /** The collector gets these messages at once; no answer reaches anybody. */
  async #take(messages: Awaited<ReturnType<AgentProgram['messages']>>): Promise<void> {
    this.rig.nowMs = this.world.nowMs + 500
    await this.rig.records.takeAll(messages)
  }

  /** The agent is killed, and starts with another folder in place of its own. */
  async #replace(folder: string | undefined, beats: number): Promise<void> {
    if (folder === undefined) return
    await this.#agent.spool.close()
    this.#pass(beats)
    this.#agent = await this.#open(folders.copyOf(folder))
  }

  /** The agent goes on with a copy whose segments are of another moment than its checkpoints. */
  async #replaceMixed(
    segments: string | undefined,
    checkpoints: string | undefined,
    n: number,
  ): Promise<void> {
    if (segments === undefined || checkpoints === undefined) return
    const folder = folders.copyOf(segments)
    for (const name of ['checkpoint.a', 'checkpoint.b']) cpSync(join(checkpoints, name), join(folder, name))
    await this.#replace(folder, 1 + (n % 3))
  }

  /** The machines work on, everything is delivered and settled. */
  async end(): Promise<void> {
    this.world.pace = 1
    this.#agent.blind = this.#agent.silent = 0
    await this.run(8)
    await this.#agent.deliver(this.rig)
    await this.run(90)
    this.world.pace = 0
    await this.run(2)
    await this.#agent.stop(this.rig)
    await this.#copy?.spool.close()
    this.rig.nowMs += MINUTE_MS
    await this.rig.settleAll()
    await this.rig.stop()
  }
}

/** One bit of the checkpoint that was written last is another one. */
function damageNewestCheckpoint(folder: string): void {
  const slots = ['checkpoint.a', 'checkpoint.b'].map((name) => {
    const file = join(folder, name)
    const bytes = readFileSync(file)
    // its generation
    return { file, bytes, generation: bytes.readDoubleLE(4) }
  })
  const [newest] = slots.sort((a, b) => b.generation - a.generation)
  if (!newest) return
  newest.bytes.writeUInt8(newest.bytes.readUInt8(30) ^ 4, 30)
  writeFileSync(newest.file, newest.bytes)
}

const PLANS = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.integer({ min: 1, max: 50 })), {
  minLength: 4,
  maxLength: 18,
})

it('what a machine counted is in the ledger to the unit, through restores, rolled-back and copied spools (property)', async () => {
  await fc.assert(fc.asyncProperty(PLANS, fc.integer(), holdsToTheUnit), { numRuns: 60 })
})

it('a copy that was made during a commit, or lost its newest checkpoint, tells no minute twice', async () => {
  for (const last of ['copied in mid-commit', 'newest checkpoint damaged'] as const)
    for (const delivered of ['deliver', 'wait'] as const)
      for (const beats of [1, 7, 30, 40]) {
        const plan = [
          ['wait', 25],
          ['deliver', 1],
          ['backup', 1],
          ['wait', beats],
          [delivered, 1],
          [last, 2],
          ['wait', 5],
        ] as const
        await holdsToTheUnit(plan, beats)
      }
})

it('a copy that first misses the pools counts nothing again that the first told of its gap', async () => {
  // both start 10 s after their last reading; the copy sees the counter one poll after the first has told its growth
  const plan = [
    ['restart', 5],
    ['copy', 1],
    ['blind copy', 2],
    ['wait', 2],
    ['swap', 1],
    ['wait', 3],
  ] as const
  await holdsToTheUnit(plan, 0)
})

it('a restored agent that first misses the pools counts nothing again that it told after its backup', async () => {
  const plan = [
    ['restart', 1],
    ['backup', 1],
    ['wait', 50],
    ['wait', 20],
    ['deliver', 1],
    ['starts blind', 3],
    ['restore', 2],
    ['wait', 9],
  ] as const
  await holdsToTheUnit(plan, 0)
})

/** What the machines counted is in the ledger once, after these steps and the end. */
async function holdsToTheUnit(steps: readonly (readonly [Step, number])[], seed: number): Promise<void> {
  const site = await new Site(seed).start()
  const { world, store } = site
  const first = { ...world.work }
  await site.run(6)
  for (const [step, n] of steps) await site.step(step, n)
  await site.end()
  expect(await store.held({}, 100)).toEqual([])
  const rebooted = steps.some(([step]) => step === 'reboot')
  const mayLose = steps.some(([step]) => step === 'segments copied before the checkpoint')
  for (const id of Object.keys(World.MACHINES)) {
    const rows = store.rows.filter((row) => row.deviceId === id)
    const ledger = rows.reduce((sum, row) => sum + row.workDiff1, 0)
    const counted = (world.work[id] ?? 0) - (first[id] ?? 0)
    // what nobody read before a reboot is gone; nothing is there twice
    if (rebooted || (mayLose && (await store.losses()).length > 0))
      expect(ledger, id).toBeLessThanOrEqual(counted)
    else expect([id, ledger]).toEqual([id, counted])
    expect(coveredTwice([...store.records.values()].filter((r) => r.deviceId === id))).toEqual([])
  }
}

/** Records that cover time that another one covers too. */
function coveredTwice(records: readonly (Interval & { agentId: string })[]): string[] {
  const sorted = records
    .filter((r) => r.agentId === AGENT && r.coveredMs > 0)
    .sort((a, b) => a.startMs - b.startMs)
  return sorted.flatMap((r, i) => {
    const before = sorted[i - 1]
    return before && before.startMs + before.durationMs > r.startMs ? [`${before.startMs} ${r.startMs}`] : []
  })
}
