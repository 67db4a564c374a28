import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { DeviceConfig } from '../config/config.ts'
import type { Reading, Session } from '../plugin/driver.ts'
import { macOf } from '../wire/loose-json/fields.ts'

/** As many as a live message takes. */
const MAX_FAULTS = 32

/** The same text for every spelling of one MAC or serial number. */
export const hardwareKey = (hardwareId: string): string =>
  macOf(hardwareId) ?? hardwareId.trim().toUpperCase()

/** Whether two ids can't be of one machine. A MAC and a serial number say nothing about each other. */
export const differs = (a: string, b: string): boolean =>
  (macOf(a) === undefined) === (macOf(b) === undefined) && hardwareKey(a) !== hardwareKey(b)

/**
 * Sees to it that a machine is read once and under its own name after its lease has moved: configured devices may name the
 * `hardwareId` that they expect at their address.
 */
export class HardwareWatch {
  readonly #ids = new Map<string, string>()
  readonly #log: Log

  constructor(devices: readonly DeviceConfig[], log: Log) {
    this.#log = log
    for (const { id, hardwareId } of devices)
      if (hardwareId !== undefined) this.#ids.set(hardwareKey(hardwareId), id)
  }

  /**
   * A session that looks at who answers. A machine that is another configured device makes `read` fail, or it would be
   * counted twice; one that nobody knows is read, with a fault that says so: it may stand in for the one that was there.
   */
  over(session: Session, { id, host = '', hardwareId: expected }: DeviceConfig): Session {
    let said: string | undefined
    const look = (reading: Reading): Reading => {
      const found = reading.identity.hardwareId
      if (found === undefined || reading.part !== undefined) return reading
      const owner = this.#ids.get(hardwareKey(found))
      if (owner !== undefined && owner !== id)
        throw new PerwattError(
          'another-machine',
          `at ${host} answers ${owner} (${found}); scan again with --write to follow the machines' new addresses`,
        )
      const stranger = expected !== undefined && differs(expected, found) ? found : undefined
      if (stranger !== undefined && stranger !== said)
        this.#log.warn('another machine answers at this address', {
          device: id,
          host,
          expected,
          found,
          next: 'scan again with --write; if the machine was exchanged, change its hardwareId',
        })
      said = stranger
      if (stranger === undefined) return reading
      const fault = `another machine answers here: ${found} instead of ${expected}`
      const faults = [fault, ...(reading.sample.faults ?? [])].slice(0, MAX_FAULTS)
      return { ...reading, sample: { ...reading.sample, faults } }
    }
    return {
      read: async (signal) => (await session.read(signal)).map(look),
      ...(session.close ? { close: () => session.close?.() } : {}),
    }
  }
}
