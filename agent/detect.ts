import { PerwattError } from '../protocol/kit/errors.ts'
import type { Driver, FirstAnswers } from './driver.ts'
import { firmwareOf } from './firmware.ts'
import { exchange, showAddress } from './wire/cgminer.ts'

/**
 * Asks an unknown miner on its cgminer port what it is, and says which driver reads it.
 * @param signal the deadline of all questions together
 * @throws PerwattError: as `exchange` where nothing answers; `unknown-firmware`, naming it, where no driver knows it, so that
 *   aftermarket firmware is never read as the stock firmware of the same machine
 */
export async function detect(
  host: string,
  port: number,
  drivers: readonly Driver[],
  signal: AbortSignal,
): Promise<Driver> {
  const at = { host, port }
  const ask = async (command: string) => (await exchange(at, { command }, signal)).toUpperCase()
  const driverOf = (answers: FirstAnswers) => drivers.find((d) => d.recognises?.(answers))

  const answers: FirstAnswers = { version4028: await ask('version') }
  let firmware = firmwareOf(answers.version4028)
  let driver = driverOf(answers)
  if (!driver && !firmware) {
    // VNish 1.2 and some Whatsminers refuse `version`
    answers.devdetails4028 = await ask('devdetails')
    firmware = firmwareOf(answers.devdetails4028)
    driver = driverOf(answers)
  }
  if (driver) return driver
  // VNish 1.2 names itself in `stats` only
  firmware ??= firmwareOf(await ask('stats'))
  throw new PerwattError(
    'unknown-firmware',
    firmware
      ? `${showAddress(at)} runs ${firmware}, which no driver of this agent reads; see the list of drivers`
      : `${showAddress(at)} answers like no miner that is known here; name its driver in the configuration`,
  )
}
