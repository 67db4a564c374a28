import { hashrateFault } from '../asic/plausible-hashrate.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import type { Reading } from '../plugin/reading.ts'
import { withAlgorithm } from './mining-algorithm.ts'

/** As many as a live message takes. */
const MAX_FAULTS = 32

/** A reading, corrected by the configured algorithm, hashrate and name plate power of its device. */
export const withConfiguredLimits = (reading: Reading, config: DeviceConfig): Reading =>
  withRatedPower(withExpectedHashrate(withAlgorithm(reading, config), config), config)

/**
 * Removes a hashrate that is far above the configured one, and adds a fault that says so. The configured hashrate overrides the
 * one that the machine itself promises.
 */
function withExpectedHashrate(reading: Reading, { expectedHashrateHs }: DeviceConfig): Reading {
  const { hashrateHs, powerW, powerBasis, faults = [], ...rest } = reading.sample
  const fault = hashrateFault(hashrateHs, expectedHashrateHs)
  if (fault === undefined) return reading
  // modelled power was computed from the wrong hashrate
  const power =
    powerW === undefined || powerBasis === undefined || powerBasis === 'modelled'
      ? {}
      : { powerW, powerBasis }
  return { ...reading, sample: { ...rest, ...power, faults: [fault, ...faults].slice(0, MAX_FAULTS) } }
}

/** Uses the name plate power for a machine that runs and reports no power. Parts of a machine have no name plate of their own. */
function withRatedPower(reading: Reading, { ratedPowerW }: DeviceConfig): Reading {
  const { sample } = reading
  const runs = sample.state === 'hashing' || sample.state === 'busy' || sample.state === 'ok'
  if (sample.powerW !== undefined || ratedPowerW === undefined || !runs || reading.part) return reading
  return { ...reading, sample: { ...sample, powerW: ratedPowerW, powerBasis: 'rated' } }
}
