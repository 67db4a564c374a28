import { type FittedSensors, machinePowerOf, type NamedSensor } from '../../host-power/machine-power.ts'
import { subjectOf } from '../../host-power/sensor-names.ts'
import { isOfOthers } from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import { LookAgain } from './look-again.ts'
import { isDistributionBoard, type Machine } from './machine.ts'
import type { Pages } from './pages.ts'
import { type RedfishPower, sensorPower } from './power.ts'

/** A machine's power distribution boards. */
export class DistributionBoards {
  readonly #machine: Machine
  readonly #fitted: FittedSensors
  readonly #list = new LookAgain()
  #boards: readonly string[]

  /** @param fitted what its sums were made of: it outlives these */
  constructor(machine: Machine, fitted: FittedSensors) {
    this.#fitted = fitted
    this.#machine = machine
    this.#boards = machine.boards
    this.#list.looked()
  }

  /**
   * The power through them: the sum of their hot-swap controllers, such as `PDB_0_HSC_0_Pwr_0`. Nothing where a board is another
   * machine's, because the sum would be too low then, or too high.
   * @throws as `Pages.row`
   */
  async power(pages: Pages): Promise<RedfishPower> {
    await this.#listAgain(pages)
    const sensors: NamedSensor[] = []
    for (const board of this.#boards) {
      const row = await pages.row(board)
      if (!row) continue
      if (isOfOthers(row, this.#machine.system)) return {}
      for (const path of await pages.members(linkOf(row['Sensors']))) {
        const subject = subjectOf(idOf(path))
        if (subject?.of !== 'hot-swap') continue
        const sensor = await pages.row(path)
        // controllers of one number on two boards are two
        const controller = `${board} ${subject.controller}`
        sensors.push({
          name: idOf(path),
          subject: { ...subject, controller, isInput: true },
          ...(sensor && sensorPower(sensor)),
        })
      }
    }
    return machinePowerOf(sensors, this.#fitted)
  }

  /** A BMC that starts lists its boards one after another. */
  async #listAgain(pages: Pages): Promise<void> {
    const [board] = this.#boards
    if (board === undefined || !this.#list.isDue()) return
    const listed = await pages.maybeMembers(board.replace(/\/[^/]+\/?$/, ''))
    this.#list.looked()
    const more = listed.filter((path) => isDistributionBoard(path) && !this.#boards.includes(path))
    this.#boards = [...this.#boards, ...more]
  }
}
