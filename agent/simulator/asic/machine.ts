import { HASHES_PER_DIFF1 } from '../../../protocol/units.ts'
import { type Random, Wander } from '../base/random.ts'
import type { AsicModel } from './asic-model.ts'
import { Board } from './board.ts'
import { Stratum } from './stratum.ts'

/** How the machine's API behaves: it answers, refuses connections, or accepts them and never answers. */
export type ApiState = 'answers' | 'refuses' | 'hangs'

const BOOT_S = 20
/** s after the program's start at which hashing begins, and at which it reaches full speed */
const RAMP_FROM_S = 25
const RAMP_TO_S = 90
/** above this temperature the firmware throttles the chips */
const THROTTLE_C = 95
const SHARES_PER_S = 0.1
/** tuning firmware starts at this part of full speed and rises in steps */
const TUNING_FROM_RATIO = 0.88
const TUNING_STEPS = 6

/** One emulated mining machine: its physical state, advanced second by second. What its API reports is each family's own file. */
export class AsicMachine {
  readonly id: string
  readonly model: AsicModel
  readonly mac: string
  readonly stratum: Stratum
  readonly boards: readonly Board[]
  /** difficulty of a share, set by the pool */
  readonly shareDifficulty: number

  asleep = false
  hung = false
  /** why the firmware has stopped the chips, in its own words; it stays so until a reboot */
  hardwareFault: string | undefined
  /** true: the airflow is blocked */
  blocked = false
  /** s since the miner program started; its counters count from then */
  uptimeS: number
  hashrateHs = 0
  /** exponential averages over 5 s, 1 min, 5 min, 15 min and 30 min */
  readonly averageHs = { s5: 0, m1: 0, m5: 0, m15: 0, m30: 0 }
  /** hashes since the miner program started */
  hashes = 0
  powerW = 0
  inletTempC = 26
  fanRpm = 0
  /** true energy at the wall since the simulation began, over all reboots, J */
  energyJ = 0
  /** how often its counters were reset */
  reboots = 0

  readonly #random: Random
  readonly #drift: Wander
  readonly #hashrateBias: number
  readonly #efficiencyJPerHash: number
  #bootLeftS = 0
  /** s since it started to hash, or woke up */
  #rampS: number

  constructor(id: string, model: AsicModel, mac: string, pools: Stratum['pools'], random: Random) {
    this.id = id
    this.model = model
    this.mac = mac
    this.stratum = new Stratum(pools, model.devFeeRatio ?? 0, random)
    this.#random = random
    this.#drift = new Wander(random, 0.006, 300)
    this.#hashrateBias = 1 + 0.012 * random.normal()
    this.#efficiencyJPerHash = (model.efficiencyJPerTh * (1 + 0.015 * random.normal())) / 1e12
    this.shareDifficulty = 2 ** Math.round(Math.log2(model.hashrateHs / HASHES_PER_DIFF1 / SHARES_PER_S))
    this.boards = Array.from(
      { length: model.boards },
      (_, i) => new Board(i, model.chipsPerBoard, random.between(-4, 0), model.chipTempC),
    )
    this.fanRpm = 4600
    // the machines have run for hours or days when the simulation begins
    this.uptimeS = random.whole(2 * 3600, 20 * 86_400)
    this.#rampS = this.uptimeS
    const hashrate = model.hashrateHs * this.#hashrateBias
    this.hashes = hashrate * this.uptimeS
    for (const window of windows) this.averageHs[window] = hashrate
    for (const board of this.boards) board.hashes = this.hashes / model.boards
    this.#take(this.hashes)
    this.stratum.beginTruth()
  }

  get api(): ApiState {
    return this.#bootLeftS > 0 ? 'refuses' : this.hung ? 'hangs' : 'answers'
  }

  /** true until the chips reach their frequency; Whatsminers report this, others only show a low hashrate */
  get warmingUp(): boolean {
    return !this.asleep && this.#rampS < RAMP_TO_S
  }

  /** true while the firmware looks for the best frequencies, after each start */
  get tuning(): boolean {
    const { tuneS } = this.model
    return tuneS !== undefined && !this.asleep && this.#rampS < RAMP_TO_S + tuneS
  }

  get pools(): Stratum['pools'] {
    return this.stratum.pools
  }

  get shares(): Stratum['shares'] {
    return this.stratum.shares
  }

  /** difficulty-1 shares that all pools accepted since the simulation began, over all reboots */
  get workDiff1(): number {
    return [...this.stratum.paidDiff1.values()].reduce((sum, paid) => sum + paid, 0)
  }

  get hottestChipC(): number {
    return Math.max(...this.boards.map((b) => b.chipTempC))
  }

  /** Resets all counters and ends a hang. A lost board stays lost. */
  reboot(): void {
    this.reboots++
    this.#bootLeftS = BOOT_S
    this.hung = false
    this.hardwareFault = undefined
    this.uptimeS = 0
    this.#rampS = 0
    this.hashes = 0
    this.stratum.restart()
    for (const window of windows) this.averageHs[window] = 0
    for (const board of this.boards) board.restart()
  }

  sleep(): void {
    this.asleep = true
    // the firmware stops the miner program, which clears its averages
    for (const window of windows) this.averageHs[window] = 0
  }

  wake(): void {
    this.asleep = false
    this.#rampS = 0
  }

  advance(dtS: number): void {
    const drift = this.#drift.step(dtS)
    const booting = this.#bootLeftS > 0
    if (booting) this.#bootLeftS -= dtS
    else this.uptimeS += dtS
    const hashing = !booting && !this.asleep && this.hardwareFault === undefined
    if (hashing) this.#rampS += dtS

    const ramp = hashing
      ? Math.min(1, Math.max(0, (this.#rampS - RAMP_FROM_S) / (RAMP_TO_S - RAMP_FROM_S)))
      : 0
    const throttle = this.hottestChipC > THROTTLE_C ? 0.9 : 1
    const wantedHs = this.model.hashrateHs * this.#hashrateBias * ramp * throttle * this.#tuned * (1 + drift)
    const perBoard = wantedHs / this.boards.length
    this.hashrateHs = 0
    for (const board of this.boards) {
      board.advance(dtS, perBoard * (1 + 0.01 * this.#random.normal()), {
        inletTempC: this.inletTempC,
        riseC: this.model.chipTempC - 26,
        nominalHs: this.model.hashrateHs / this.boards.length,
        blocked: this.blocked,
        pickChip: () => this.#random.next(),
      })
      this.hashrateHs += board.hashrateHs
    }
    this.inletTempC = 26 + 100 * drift
    const wantedRpm = hashing ? Math.min(7000, 4200 + 60 * Math.max(0, this.hottestChipC - 68)) : 1200
    this.fanRpm += (wantedRpm - this.fanRpm) * (1 - Math.exp(-dtS / 15)) + 12 * this.#random.normal()

    if (!booting) this.#count(dtS)
    this.powerW = Math.max(this.model.standbyW, this.#efficiencyJPerHash * this.hashrateHs)
    this.energyJ += this.powerW * dtS
  }

  #count(dtS: number): void {
    this.hashes += this.hashrateHs * dtS
    for (const window of windows)
      this.averageHs[window] +=
        (this.hashrateHs - this.averageHs[window]) * (1 - Math.exp(-dtS / WINDOW_S[window]))
    this.#take(this.hashrateHs * dtS)
  }

  #take(hashes: number): void {
    const found = this.#random.poisson(hashes / (this.shareDifficulty * HASHES_PER_DIFF1))
    this.stratum.take(found, this.shareDifficulty, this.uptimeS)
  }

  get #tuned(): number {
    const { tuneS = 0 } = this.model
    if (!this.tuning) return 1
    const done = Math.floor((Math.max(0, this.#rampS - RAMP_TO_S) / tuneS) * TUNING_STEPS) / TUNING_STEPS
    return TUNING_FROM_RATIO + (1 - TUNING_FROM_RATIO) * done
  }
}

const WINDOW_S = { s5: 5, m1: 60, m5: 300, m15: 900, m30: 1800 } as const
const windows = Object.keys(WINDOW_S) as (keyof typeof WINDOW_S)[]
