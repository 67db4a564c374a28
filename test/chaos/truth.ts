import { readFileSync } from 'node:fs'
import type { WrittenTruth } from '../../agent/simulator/run-site.ts'

const LOOK_EVERY_MS = 300

/** When the emulated machines lost their power, and when they were back, Unix ms. */
export interface MachineReset {
  atMs: number
  upMs: number
}

type Numbers = Record<string, number>
const sums = (a: Numbers, b: Numbers): Numbers =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]),
  )

/** The emulated world's true state, written by the simulator once a second. A simulator that starts again goes on from where it ended. */
export class TruthLog {
  readonly #file: string
  readonly #series: WrittenTruth[] = []
  /** what the former lives of the world add up to */
  #former: WrittenTruth | undefined
  /** the newest entry as it was written */
  #written: WrittenTruth | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(file: string) {
    this.#file = file
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS)
    this.look()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Reads the file as it is now. */
  look(): void {
    let written: WrittenTruth
    try {
      written = JSON.parse(readFileSync(this.#file, 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    if (written.atMs === this.#written?.atMs) return
    if (written.elapsedS < (this.#written?.elapsedS ?? 0)) this.#former = this.latest
    this.#written = written
    this.#series.push(this.#former ? added(this.#former, written) : written)
  }

  get latest(): WrittenTruth | undefined {
    return this.#series.at(-1)
  }

  get series(): readonly WrittenTruth[] {
    return this.#series
  }
}

/** Two lives of the world as one. */
function added(a: WrittenTruth, b: WrittenTruth): WrittenTruth {
  const ids = [...new Set([...Object.keys(a.counted), ...Object.keys(b.counted)])]
  const through = [...new Set([...Object.keys(a.through), ...Object.keys(b.through)])]
  return {
    ...b,
    elapsedS: a.elapsedS + b.elapsedS,
    energyJ: sums(a.energyJ, b.energyJ),
    workDiff1: sums(a.workDiff1, b.workDiff1),
    tokensIn: a.tokensIn + b.tokensIn,
    tokensOut: a.tokensOut + b.tokensOut,
    overheadEnergyJ: a.overheadEnergyJ + b.overheadEnergyJ,
    siteEnergyJ: a.siteEnergyJ + b.siteEnergyJ,
    counted: Object.fromEntries(ids.map((id) => [id, sums(a.counted[id] ?? {}, b.counted[id] ?? {})])),
    through: Object.fromEntries(
      through.map((id) => [
        id,
        {
          energyJ: (a.through[id]?.energyJ ?? 0) + (b.through[id]?.energyJ ?? 0),
          countedMilliJ: (a.through[id]?.countedMilliJ ?? 0) + (b.through[id]?.countedMilliJ ?? 0),
        },
      ]),
    ),
    // what a machine forgot in a former life is gone for good
    forgetful: [...new Set([...a.forgetful, ...b.forgetful])],
  }
}
