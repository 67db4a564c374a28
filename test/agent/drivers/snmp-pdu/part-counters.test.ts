import { expect, test } from 'vitest'
import { PartCounters } from '../../../../agent/drivers/snmp-pdu/part-counters.ts'

const KWH = 3_600_000
const outlet = (n: number, scale = KWH / 10) => ({ part: `outlet${n}`, energy: { oid: `1.3.${n}`, scale } })

test('what each outlet’s counter has taught is known to the next session, for its part and unit alone', () => {
  const counters = new PartCounters(undefined)
  expect(counters.known).toBeUndefined()
  // 36 kW, of which the first outlet's counter shows ten times as much
  for (let s = 0; s <= 3600; s += 10)
    for (const [n, factor] of [[1, 10] as const, [2, 1] as const])
      counters
        .of(outlet(n))
        .read({ powerW: 36_000, energyJ: Math.floor((s / 10) * factor) * (KWH / 10) }, s * 1000)
  const known = JSON.parse(JSON.stringify(counters.known))
  const next = new PartCounters(known)
  const first = (n: number, scale?: number) =>
    next.of(outlet(n, scale)).read({ powerW: 36_000, energyJ: 7 * KWH }, 0)
  expect(first(1)).toMatchObject({
    counters: { refused: ['energyJ'] },
    faults: [expect.stringMatching(/far more/)],
  })
  expect(first(2)).toEqual({ powerW: 36_000, counters: { energyJ: 7 * KWH }, faults: [] })
  // the PDU's unit has changed, and so may the fault's cause
  expect(first(1, KWH / 100)).toMatchObject({ counters: { energyJ: 7 * KWH }, faults: [] })
  expect(Object.keys(next.known ?? {})).toEqual(Object.keys(known))
})
