import { hashrateFault } from '../asic/reading.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import type { Reading } from '../plugin/reading.ts'

/** A reading in the light of what the configuration says of the machine. */
export const withConfiguredLimits = (reading: Reading, config: DeviceConfig): Reading =>
  withRatedPower(withinExpectation(reading, config), config)

/** The configured hashrate stands above the machine's own promise: a reading of more than twice of it is not believed, either. */
function withinExpectation(reading: Reading, { expectedHashrateHs }: DeviceConfig): Reading {
  const { hashrateHs, powerW, powerBasis, faults = [], ...rest } = reading.sample
  const fault = hashrateFault(hashrateHs, expectedHashrateHs)
  if (fault === undefined) return reading
  // what was modelled was made of the hashrate
  const power =
    powerW === undefined || powerBasis === undefined || powerBasis === 'modelled'
      ? {}
      : { powerW, powerBasis }
  return { ...reading, sample: { ...rest, ...power, faults: [fault, ...faults].slice(0, 32) } }
}

/** The name plate is the last resort: only for a machine that runs and says nothing of its power. */
function withRatedPower(reading: Reading, { ratedPowerW }: DeviceConfig): Reading {
  const { sample } = reading
  const runs = sample.state === 'hashing' || sample.state === 'busy' || sample.state === 'ok'
  if (sample.powerW !== undefined || ratedPowerW === undefined || !runs || reading.part) return reading
  return { ...reading, sample: { ...sample, powerW: ratedPowerW, powerBasis: 'rated' } }
}
