import { machinePowerOf, type NamedSensor } from '../../host-power/machine-power.ts'
import { subjectOf } from '../../host-power/sensor-names.ts'
import { isOfOthers } from './chassis.ts'
import { idOf, linkOf } from './client.ts'
import type { Machine } from './machine.ts'
import type { Pages } from './pages.ts'
import { type RedfishPower, sensorPower } from './power.ts'

/**
 * The power through a machine's distribution boards: the sum of their hot-swap controllers, such as `PDB_0_HSC_0_Pwr_0`. Nothing where a
 * board is another machine's, because the sum would be too low then, or too high.
 * @throws as `Pages.row`
 */
export async function boardsPower({ boards, system }: Machine, pages: Pages): Promise<RedfishPower> {
  const sensors: NamedSensor[] = []
  for (const board of boards) {
    const row = await pages.row(board)
    if (!row) continue
    if (isOfOthers(row, system)) return {}
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
  return machinePowerOf(sensors)
}
