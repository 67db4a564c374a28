import { PerwattError } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import type { Session } from '../plugin/driver.ts'
import type { Reading } from '../plugin/reading.ts'
import { hardwareKey, isOtherHardware } from '../wire/loose-json/hardware-id.ts'

/** As many as a live message takes. */
const MAX_FAULTS = 32

/**
 * Notices that another machine answers at a device's address, as after DHCP moved a lease. Configured devices may name the
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
   * Wraps a session with a check of the hardware id. If the machine is another configured device, `read` fails, or that machine
   * would be counted twice. A machine that the configuration does not know is read and gets a fault: it may be a replacement.
   */
  guard(session: Session, { id, host = '', hardwareId: expected }: DeviceConfig): Session {
    let warnedOf: string | undefined
    const check = (reading: Reading): Reading => {
      const found = reading.identity.hardwareId
      if (found === undefined || reading.part !== undefined) return reading
      const deviceId = this.#ids.get(hardwareKey(found))
      if (deviceId !== undefined && deviceId !== id)
        throw new PerwattError(
          'another-machine',
          `at ${host} answers ${deviceId} (${found}); scan again with --write to follow the machines' new addresses`,
        )
      const stranger = expected !== undefined && isOtherHardware(expected, found) ? found : undefined
      if (stranger !== undefined && stranger !== warnedOf)
        this.#log.warn('another machine answers at this address', {
          device: id,
          host,
          expected,
          found,
          next: 'scan again with --write; if the machine was exchanged, change its hardwareId',
        })
      warnedOf = stranger
      if (stranger === undefined) return reading
      const fault = `another machine answers here: ${found} instead of ${expected}`
      const faults = [fault, ...(reading.sample.faults ?? [])].slice(0, MAX_FAULTS)
      return { ...reading, sample: { ...reading.sample, faults } }
    }
    return {
      read: async (signal) => (await session.read(signal)).map(check),
      ...(session.close ? { close: () => session.close?.() } : {}),
      ...(session.rest ? { rest: () => session.rest?.() } : {}),
    }
  }
}
