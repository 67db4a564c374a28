import { expect, test } from 'vitest'
import type { DeviceConfig } from '../../../agent/config/device-config.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'
import type { Reading } from '../../../agent/plugin/reading.ts'
import { withAlgorithm } from '../../../agent/polling/mining-algorithm.ts'
import { CONTRADICTING_SIGNS, PAYS_OTHER_COIN } from '../../../protocol/device.ts'

const config = (algorithm?: string): DeviceConfig => ({
  id: 'm1',
  driver: 'cgminer',
  ...(algorithm && { algorithm }),
})
const MINER: Reading = {
  identity: { kind: 'asic', model: 'ACME T3', expectedHashrateHs: 40e12 },
  sample: {
    state: 'hashing',
    hashrateHs: 43e12,
    hashrateAvgHs: 43e12,
    paidRatio: 1,
    powerW: 2000,
    powerBasis: 'modelled',
  },
  counters: { byOwner: [{ owner: { poolUser: 'acme.1' }, workDiff1: 1e6 }] },
  shares: { accepted: 5 },
}
const mining = (algorithm: string): Reading => ({ ...MINER, identity: { ...MINER.identity, algorithm } })

test('what mines Bitcoin is left as it is', () => {
  expect(withAlgorithm(MINER, config())).toBe(MINER)
  expect(withAlgorithm(MINER, config('sha256'))).toBe(MINER)
})

test('of an unknown algorithm it hashes, has neither hashrate nor work, and says what to configure', () => {
  expect(withAlgorithm(mining('unknown'), config())).toEqual({
    identity: { kind: 'asic', model: 'ACME T3', algorithm: 'unknown' },
    sample: { state: 'hashing', faults: [expect.stringContaining('set algorithm: in its configuration')] },
    shares: { accepted: 5 },
  })
})

test.each(['sha256', 'SHA-256', 'sha256d'])('the configuration’s %s makes it earn', (algorithm) => {
  expect(withAlgorithm(mining('unknown'), config(algorithm))).toEqual(MINER)
})

test('of contradicting signs the fault is told until the configuration decides, either way', () => {
  const fault = `${CONTRADICTING_SIGNS}: its maker’s line says sha256, but the coin in its pool’s host name says scrypt`
  const reading = { ...mining('unknown'), sample: { ...MINER.sample, faults: [fault, 'a fan stands'] } }
  const faults = (configured?: string) => withAlgorithm(reading, config(configured)).sample.faults
  expect(faults()).toEqual([expect.stringContaining('set algorithm:'), fault, 'a fan stands'])
  expect(faults('sha256')).toEqual(['a fan stands'])
  expect(faults('scrypt')).toEqual(['a fan stands'])
})

test('where the pool pays another coin of the same algorithm, its fault stands until the configuration decides for Bitcoin or the coin', () => {
  const fault = `${PAYS_OTHER_COIN}, so it earns nothing as Bitcoin: the coin in its pool’s host name says bitcoin-cash`
  const reading = { ...mining('unknown'), sample: { ...MINER.sample, faults: [fault] } }
  const as = (configured?: string) => withAlgorithm(reading, config(configured))
  expect(as().sample).toMatchObject({ state: 'hashing', faults: [fault] })
  expect(as().identity.algorithm).toBe('unknown')
  expect(as('sha256')).toEqual(MINER)
  for (const name of ['bch', 'Bitcoin-Cash', 'bitcoincash']) {
    expect(as(name).identity.algorithm).toBe('bitcoin-cash')
    expect(as(name).counters).toEqual({ unsold: MINER.counters?.byOwner })
    expect(as(name).sample.faults).toBeUndefined()
  }
})

test('the configuration’s scrypt is what it mines, where the machine does not say it', () => {
  for (const reading of [MINER, mining('unknown')]) {
    const { identity, sample, counters } = withAlgorithm(reading, config('scrypt'))
    expect(identity).toEqual({ kind: 'asic', model: 'ACME T3', algorithm: 'scrypt' })
    expect(sample).toEqual({ state: 'hashing' })
    expect(counters).toEqual({ unsold: MINER.counters?.byOwner })
  }
})

test('the other coin’s work is never sold, not even where the machine mines Bitcoin again at the same pool', () => {
  const accumulator = new DeviceAccumulator('m1', 60_000)
  let steadyMs = 0
  const poll = (workDiff1: number, configured: string) => {
    const reading = { ...MINER, counters: { byOwner: [{ owner: { poolUser: 'acme.1' }, workDiff1 }] } }
    accumulator.observe(withAlgorithm(reading, config(configured)), {
      wallMs: 1_800_000_000_000 + steadyMs,
      steadyMs,
    })
    steadyMs += 5_000
  }
  for (const work of [1000, 1010, 1020]) poll(work, 'sha256')
  for (const work of [1030, 9000, 99_000]) poll(work, 'scrypt')
  for (const work of [99_000, 99_010]) poll(work, 'sha256')
  const work = accumulator.closeAll().reduce((sum, record) => sum + (record.workDiff1 ?? 0), 0)
  expect(work).toBe(10 + 10 + 10)
})

test('work of an unknown algorithm is kept back until it is known, and lost by no poll without its word', () => {
  expect(withAlgorithm(mining('unknown'), config())).not.toHaveProperty('counters')
})

test('what the machine says counts more than another algorithm in the configuration, and a fault names both', () => {
  const { identity, sample } = withAlgorithm(mining('equihash'), config('sha256'))
  expect(identity.algorithm).toBe('equihash')
  expect(sample.faults).toEqual(['the configuration says algorithm: sha256, but the machine hashes equihash'])
})
