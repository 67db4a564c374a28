import { kWh } from './counter-fault.ts'

/** A counter that leaps or falls this often within the time is none. A wild value now and then is a gateway's. */
const ODD_AT_MOST = 5
const WITHIN_MS = 60 * 60_000

/** Counts the leaps and falls of a counter that no load makes. */
export class Oddities {
  #atMs: number[] = []
  #largestJ = 0

  /**
   * @param leapJ by how much the counter leapt up or fell back
   * @param mostW the highest power that its meter has shown
   * @returns why the counter is not used, once there were too many
   */
  note(steadyMs: number, leapJ: number, mostW: number): string | undefined {
    this.#atMs = [...this.#atMs.filter((atMs) => steadyMs - atMs <= WITHIN_MS), steadyMs]
    this.#largestJ = Math.max(this.#largestJ, leapJ)
    const [first = steadyMs] = this.#atMs
    if (this.#atMs.length < ODD_AT_MOST) return undefined
    const seconds = (steadyMs - first) / 1000
    return `its energy counter leapt or fell ${ODD_AT_MOST} times in ${Math.round(seconds)} s, by up to ${kWh(this.#largestJ)}, far more than the ${kWh(mostW * seconds)} that its highest power makes in that time; the counter is not used: check the map and its scale`
  }
}
