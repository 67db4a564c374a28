import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import avalon from '../../../../agent/drivers/avalon/avalon.ts'
import { supplyOf } from '../../../../agent/drivers/avalon/supply.ts'
import { closeReplays, edited, fixture, readOnce } from '../../asic-harness.ts'

closeReplays()

const A15 = fixture('avalon-a1566')
const A10 = fixture('avalon-a10-text')

/** A Nano's answers: one module with the fields of Canaan-Creative/Avalon_Nano3s, cg_miner/cgminer/driver-avalon.c, in their order. */
function nano(product: { PROD: string; MODEL: string }, ps: string, ghs: number): Record<string, string> {
  const status = [{ STATUS: 'S', When: 1, Code: 70, Msg: 'CGMiner', Description: 'cgminer 4.11.1' }]
  const module = `Ver[${product.MODEL}-25010101_aabbccd] FW[Release] DNA[0200000000000e0e] SYSTEMSTATU[Work: In Work, Hash Board: 1] Elapsed[9100] ITemp[-273] OTemp[61] TMax[93] TAvg[88] TarT[90] Fan1[1500] FanR[33%] ${ps} GHSspd[${ghs}] GHSmm[${ghs + 90}] GHSavg[${ghs - 40}] MGHS[${ghs - 40}] MTmax[93] TA[12] SoftOFF[0] ECHU[0] ECMM[0] WORKMODE[2] WORKLEVEL[0] MPO[133]`
  const answer = (section: string, row: object) => JSON.stringify({ STATUS: status, [section]: [row], id: 1 })
  return {
    version: answer('VERSION', { CGMiner: '4.11.1', API: '3.7', ...product }),
    summary: answer('SUMMARY', { Elapsed: 9100, 'MHS av': 1000 * ghs, 'MHS 5s': 1000 * ghs }),
    estats: answer('STATS', { STATS: 0, ID: 'AVALON0', Elapsed: 9100, 'MM ID0': module, 'MM Count': 1 }),
    pools: A15['pools'] as string,
  }
}
const NANO_3S = { PROD: 'Avalon Nano3s', MODEL: 'Nano3s' }
const NANO_3 = { PROD: 'Avalonnano', MODEL: 'nano3' }

describe('the power of a Nano', () => {
  // replies that others publish: dcbert/miner-sentinel (tests of its Avalon collector), LayerTwo-Labs/sidesail (tests of its cgminer
  // client), hiwebhq/hi3-hashkit (a live Nano 3); the places of the 3S: driver-avalon.c, `power[2]:vout [3]:iout [5]:voutcmd [6]:poutwall`
  test.each([
    ['a Nano 3S in its high mode', NANO_3S, 'PS[0 0 27541 4 0 3756 133]', 6598.84, 133],
    ['a Nano 3S in its middle mode', NANO_3S, 'PS[0 0 27575 3 0 3782 94]', 4953.55, 94],
    ['a Nano 3S in its low mode', NANO_3S, 'PS[0 0 27965 2 0 3210 66]', 3100, 66],
    ['a Nano 3S above its rating', NANO_3S, 'PS[0 0 27315 5 0 3496 142]', 6700, 142],
    ['a Nano 3 with places of the 3S', NANO_3, 'PS[0 0 18000 4 0 5000 80]', 4100, 80],
    ['a Nano 3 with places of its own', NANO_3, 'PS[0 0 0 4 2756 126 330]', 4115.12, 126],
    ['a Nano 3 in its middle mode', NANO_3, 'PS[0 0 0 4 2697 126 348]', 4115.12, 126],
  ])('%s is what it reports', async (_, product, ps, ghs, powerW) => {
    const { sample } = await readOnce(avalon, nano(product, ps, ghs))
    expect(sample).toMatchObject({ state: 'hashing', powerW, powerBasis: 'reported' })
    expect(sample).not.toHaveProperty('faults')
  })

  test('is modelled and told where the places of the list contradict each other', async () => {
    // a place too few: the set volts would be the watts
    const { sample } = await readOnce(avalon, nano(NANO_3S, 'PS[0 0 27541 4 0 3756]', 6598.84))
    expect(sample).toMatchObject({ state: 'hashing', powerBasis: 'modelled' })
    expect(sample.faults).toEqual([
      "the power supply's list PS[0 0 27541 4 0 3756] is not used: its watts are not its volts x amperes; check the supply, or measure the machine by a meter",
    ])
  })

  test('is told where the list shows nothing while it hashes', async () => {
    const { sample } = await readOnce(avalon, nano(NANO_3S, 'PS[0 0 0 0 0 0 0]', 6598.84))
    expect(sample).toMatchObject({ powerBasis: 'modelled' })
    expect(sample.faults).toEqual(["the power supply's list PS shows 0 W while it hashes; check the supply"])
  })
})

describe('the power of an Avalon with boards', () => {
  const withList = (ps: string) =>
    edited(A15, 'estats', 'STATS', (row) =>
      row['MM ID0']
        ? { 'MM ID0': String(row['MM ID0']).replace(/PS\[[^\]]*\](?: WALLPOWER\[\d+\])?/, ps) }
        : {},
    )

  // lists of real machines: 1346 of Drubic8/AgentScanner (its fixtures), A1246 of asic-rs, A1566 of pyasic (tests); those of the Q and
  // the Mini 3 stand in comments of public clients, and agree with Canaan's A10 manual
  test.each([
    ['A1346', 'PS[0 1199 1391 225 3126 1393 3348]', 3348],
    ['A1246', 'PS[0 1214 1316 242 3189 1320 3504]', 3504],
    ['Q', 'PS[0 1216 2411 53 1298 2412 1391]', 1391],
    ['Q in its highest mode', 'PS[0 1223 2494 64 1599 2495 1659]', 1659],
    ['Mini 3', 'PS[0 1215 2034 37 756 2032 808]', 808],
    ['A15 with a place cut, by its named field', 'PS[0 1209 1187 297 3526] WALLPOWER[3731]', 3731],
    ['A15 with a list that contradicts itself, by its named field', 'PS[0 297 3526] WALLPOWER[3731]', 3731],
  ])('%s is that at the wall', async (_, ps, powerW) => {
    const { sample } = await readOnce(avalon, withList(ps))
    expect(sample).toMatchObject({ powerW, powerBasis: 'reported' })
    expect(sample).not.toHaveProperty('faults')
  })

  test('is told where a place is missing in the middle of the list', async () => {
    const { sample } = await readOnce(avalon, withList('PS[0 1209 297 3526 1188 3731]'))
    expect(sample.powerBasis).toBe('modelled')
    expect(sample.faults).toEqual([
      expect.stringMatching(/^the power supply's list PS\[0 1209 297 3526 1188 3731\] is not used/),
    ])
  })

  test('is that of the boards, and told, where the wall cannot draw what the list says', async () => {
    const { sample } = await readOnce(avalon, withList('PS[0 1209 1187 297 3526 1188 37]'))
    expect(sample).toMatchObject({ powerW: 3526, powerBasis: 'estimated' })
    expect(sample.faults).toEqual([
      expect.stringMatching(
        /is used for the boards alone: with 3526 W there it cannot draw 37 W at the wall/,
      ),
    ])
  })

  test('is told for one module of two, and the sum of the other alone is not used', async () => {
    const two = edited(withList('PS[0 1209 1187 297 3526 1188 3731]'), 'estats', 'STATS', (row) =>
      row['MM ID0'] ? { 'MM ID1': String(row['MM ID0']).replace('PS[0 1209 ', 'PS[0 ') } : {},
    )
    const { sample } = await readOnce(avalon, two)
    expect(sample.powerBasis).toBe('modelled')
    expect(sample.faults).toHaveLength(1)
  })

  test('an A10’s list that ends before the wall is no fault', async () => {
    const { sample } = await readOnce(avalon, A10)
    expect(sample.powerBasis).toBe('estimated')
    expect((sample.faults ?? []).filter((fault) => fault.includes('PS'))).toEqual([])
  })
})

test('no list with places cut, moved or spoiled gives a Nano other watts than its own', () => {
  const places = fc.record({
    volts: fc.integer({ min: 26_500, max: 28_200 }),
    watts: fc.integer({ min: 30, max: 145 }),
    setMillivolts: fc.integer({ min: 3000, max: 3900 }),
  })
  fc.assert(
    fc.property(places, fc.integer({ min: 0, max: 6 }), ({ volts, watts, setMillivolts }, lost) => {
      const amperes = Math.floor(watts / (volts / 1000))
      const list = [0, 0, volts, amperes, 0, setMillivolts, watts]
      expect(supplyOf(list)).toEqual({ wallW: watts })
      const { wallW } = supplyOf(list.filter((_, place) => place !== lost))
      expect(wallW === undefined || wallW === watts).toBe(true)
    }),
  )
})
