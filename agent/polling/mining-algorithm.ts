import { CONTRADICTING_SIGNS, PAYS_OTHER_COIN, UNKNOWN_ALGORITHM } from '../../protocol/device.ts'
import { defined } from '../../protocol/kit/defined.ts'
import { UNPAID_FAULTS } from '../../protocol/unpaid-faults.ts'
import { otherAlgorithm } from '../asic/models/mining-algorithms.ts'
import { saysWrongUnit } from '../asic/plausible-hashrate.ts'
import type { DeviceConfig } from '../config/device-config.ts'
import type { Reading } from '../plugin/reading.ts'

/** As many as a live message takes. */
const MAX_FAULTS = 32

const UNKNOWN = `what it hashes is unknown, so ${UNPAID_FAULTS.earnsNothing}; set algorithm: in its configuration (sha256 where it mines Bitcoin)`

/**
 * A miner's reading with the algorithm that its configuration names, where the machine itself does not show it. Hashrate and work are
 * SHA-256's, so those of another algorithm, or of an unknown one, are left out: they would be paid as Bitcoin's.
 */
export function withAlgorithm(reading: Reading, { algorithm: configured }: DeviceConfig): Reading {
  const { algorithm: found, ...identity } = reading.identity
  if (identity.kind !== 'asic' || reading.part) return reading
  const shown = found === UNKNOWN_ALGORITHM ? undefined : found
  const wanted = otherAlgorithm(configured)
  if (shown !== undefined)
    return configured === undefined || wanted === shown
      ? reading
      : withFault(reading, `the configuration says algorithm: ${configured}, but the machine hashes ${shown}`)
  const algorithm = configured === undefined ? found : wanted
  if (algorithm === undefined)
    return found === undefined ? reading : asBitcoins({ ...withoutContradiction(reading), identity })
  const isUnknown = algorithm === UNKNOWN_ALGORITHM
  const decided = isUnknown ? reading : withoutContradiction(reading)
  const other = withoutWork({ ...decided, identity: { ...identity, algorithm } }, isUnknown)
  // a machine that sleeps earns nothing anyway, and tells little of itself
  if (!isUnknown || reading.sample.state === 'sleeping') return other
  // the pool's coin says what to set itself
  return other.sample.faults?.some((fault) => fault.startsWith(PAYS_OTHER_COIN))
    ? other
    : withFault(other, UNKNOWN)
}

/** The configuration has decided between the signs. */
function withoutContradiction(reading: Reading): Reading {
  const faults = reading.sample.faults?.filter(
    (fault) => !fault.startsWith(CONTRADICTING_SIGNS) && !fault.startsWith(PAYS_OTHER_COIN),
  )
  const { faults: _, ...sample } = reading.sample
  return { ...reading, sample: { ...sample, ...(faults?.length ? { faults } : {}) } }
}

/** The configuration says that the machine mines Bitcoin, so a hashrate that its chips cannot make is a fault of the machine. */
function asBitcoins(reading: Reading): Reading {
  const { state, faults = [] } = reading.sample
  return state === 'hashing' && faults.some(saysWrongUnit)
    ? { ...reading, sample: { ...reading.sample, state: 'faulty' } }
    : reading
}

/**
 * @param canBeBitcoins its work may turn out to be Bitcoin's, and is counted then; else it is never sold, also where the machine is
 *   switched to Bitcoin later
 */
function withoutWork(reading: Reading, canBeBitcoins: boolean): Reading {
  const { counters, uncountedWork: _, ...others } = reading
  const { byOwner, ...energy } = counters ?? {}
  const kept = { ...energy, ...(!canBeBitcoins && byOwner && { unsold: byOwner }) }
  const { expectedHashrateHs: __, ...identity } = reading.identity
  const { powerW, powerBasis } = reading.sample
  // modelled watts are those of a SHA-256 machine
  const power = powerBasis === 'modelled' ? {} : { powerW, powerBasis }
  // what SHA-256 chips can do says nothing about the hashrate of others
  const faults = reading.sample.faults?.filter((fault) => canBeBitcoins || !saysWrongUnit(fault))
  return {
    ...others,
    ...(Object.keys(kept).length > 0 && { counters: kept }),
    identity,
    sample: defined({
      ...reading.sample,
      powerW: undefined,
      powerBasis: undefined,
      ...power,
      hashrateHs: undefined,
      hashrateAvgHs: undefined,
      paidRatio: undefined,
      faults: faults?.length ? faults : undefined,
    }),
  }
}

const withFault = (reading: Reading, fault: string): Reading => ({
  ...reading,
  sample: { ...reading.sample, faults: [fault, ...(reading.sample.faults ?? [])].slice(0, MAX_FAULTS) },
})
