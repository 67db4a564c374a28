/** The machine around a hashboard, as far as it affects the board. */
export interface Surroundings {
  inletTempC: number
  /** temperature rise of the chips over the inlet at full speed, C */
  riseC: number
  nominalHs: number
  blocked: boolean
  /** picks the next chip to fail, 0 <= x < 1 */
  pickChip: () => number
}

/** chips that fail each second on a dying board */
const CHIPS_DYING_PER_S = 0.6
/** with fewer working chips than this part, the firmware drops the board */
const LOST_RATIO = 0.7
const BLOCKED_RISE_C = 34
const THERMAL_S = 45

/** One hashboard: its chips work or don't, and its temperature follows the hashrate. */
export class Board {
  readonly index: number
  /** for each chip, whether it answers */
  readonly chips: boolean[]
  lost = false
  dying = false
  hashrateHs = 0
  /** since the miner program started */
  hashes = 0
  chipTempC: number
  hardwareErrors = 0
  readonly #offsetC: number
  #chipsOwed = 0

  constructor(index: number, chips: number, offsetC: number, chipTempC: number) {
    this.index = index
    this.chips = Array.from({ length: chips }, () => true)
    this.#offsetC = offsetC
    this.chipTempC = chipTempC + offsetC
  }

  get chipsWorking(): number {
    return this.lost ? 0 : this.chips.reduce((n, works) => n + (works ? 1 : 0), 0)
  }

  /** The map of chips in Antminers' form ` ooo oox`: one letter for each chip, in groups; x doesn't answer. Empty for a lost board. */
  chipMap(group: number): string {
    if (this.lost) return ''
    return this.chips.map((works, i) => `${i % group === 0 ? ' ' : ''}${works ? 'o' : 'x'}`).join('')
  }

  /** Puts a new board into the slot. */
  replace(): void {
    this.chips.fill(true)
    this.lost = false
    this.dying = false
    this.#chipsOwed = 0
  }

  restart(): void {
    this.hashes = 0
    this.hardwareErrors = 0
  }

  advance(dtS: number, wantedHs: number, around: Surroundings): void {
    if (this.dying && !this.lost) this.#die(dtS, around.pickChip)
    this.hashrateHs = (wantedHs * this.chipsWorking) / this.chips.length
    this.hashes += this.hashrateHs * dtS
    const work = this.hashrateHs / around.nominalHs
    const targetC =
      around.inletTempC +
      this.#offsetC +
      work * (around.riseC + (around.blocked ? BLOCKED_RISE_C : 0)) +
      (work === 0 ? 3 : 0)
    this.chipTempC += (targetC - this.chipTempC) * (1 - Math.exp(-dtS / THERMAL_S))
    // a healthy board has about 40 hardware errors an hour
    this.hardwareErrors += work * dtS * 0.011 * (this.dying ? 40 : 1)
  }

  #die(dtS: number, pickChip: () => number): void {
    this.#chipsOwed += CHIPS_DYING_PER_S * dtS
    for (; this.#chipsOwed >= 1; this.#chipsOwed--)
      this.chips[Math.floor(pickChip() * this.chips.length)] = false
    if (this.chipsWorking < LOST_RATIO * this.chips.length) this.lost = true
  }
}
