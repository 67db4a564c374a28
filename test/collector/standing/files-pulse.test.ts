import { expect, it } from 'vitest'
import { judgeStanding } from '../../../collector/standing/judge.ts'
import { filesPulse } from '../../../collector/standing/other-pulses.ts'
import { StandingWatch } from '../../../collector/standing/standing-watch.ts'
import { storePulse } from '../../../collector/standing/store-pulse.ts'

const well = { done: 1, trouble: () => undefined, name: 'duckdb' }
/** What stands still after half a minute in which a file fails. */
function judged(fails: boolean) {
  const watch = new StandingWatch()
  const at = (stillS: number) => {
    const trouble = { file: '/var/lib/perwatt/last-known.json', reason: 'EIO', stillS }
    const pulses = [storePulse(well), filesPulse(fails ? trouble : undefined)]
    return judgeStanding(watch.tick(pulses, stillS * 1000), 0).standstills
  }
  expect(at(10)).toEqual([])
  at(25)
  return at(35)
}

it('a data folder whose disk does not answer stands still, with its file and what to do, and stops nothing else', () => {
  expect(judged(false)).toEqual([])
  expect(judged(true)).toMatchObject([
    {
      part: 'store',
      kind: 'files',
      cause: expect.stringContaining('last-known.json: EIO'),
      cure: expect.stringContaining('dmesg'),
    },
  ])
})
