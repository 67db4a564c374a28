import { showQuantity } from '../../protocol/quantities.ts'
import { hashrateFault } from '../asic/plausible-hashrate.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import { withFaults } from '../plugin/faults.ts'
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

/** A name plate names the most that a machine draws for long. A power above this multiple of it is a wrong reading. */
const MAX_OF_RATED = 2

/**
 * Uses the name plate power for a machine that runs and reports no power, or far more than its name plate; the latter is a fault with
 * both figures, of a meter too, in both directions. What a meter does not show is never made up from its rating. Parts have no name
 * plate of their own.
 */
function withRatedPower(told: Reading, { ratedPowerW }: DeviceConfig): Reading {
  const reading = ratedPowerW === undefined ? told : withoutImpossiblePower(told, ratedPowerW)
  const { sample } = reading
  const runs = sample.state === 'hashing' || sample.state === 'busy' || sample.state === 'ok'
  if (sample.powerW !== undefined || ratedPowerW === undefined || !runs) return reading
  if (reading.part || reading.identity.kind === 'meter') return reading
  return { ...reading, sample: { ...sample, powerW: ratedPowerW, powerBasis: 'rated' } }
}

function withoutImpossiblePower(reading: Reading, ratedPowerW: number): Reading {
  const { powerW = 0, powerBasis: _basis, ...sample } = reading.sample
  if (reading.part || Math.abs(powerW) <= MAX_OF_RATED * ratedPowerW) return reading
  const fault = `the power reading of ${showQuantity('powerW', powerW)} is ignored: more than twice the configured ratedPowerW of ${showQuantity('powerW', ratedPowerW)}`
  return { ...reading, sample: withFaults(sample, [fault]) }
}
