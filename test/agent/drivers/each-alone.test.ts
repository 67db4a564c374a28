import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DRIVERS } from '../../../agent/drivers/index.ts'
import { DISTURBANCES, lostWithout, read } from '../disturbed.ts'
import { IdleTime } from '../idle-time.ts'
import { inventedMachines, type RecordedMachine } from '../recorded-machines.ts'
import { dependencesOf } from './dependences.ts'

const machines = inventedMachines()
const time = new IdleTime()
beforeAll(() => time.begin())
afterAll(() => time.end())

/** What each driver's machines were asked, and what was lost without the answer. */
const seen = new Map<string, Set<string>>()
const seenOf = (driver: string, request: string): Set<string> => {
  const key = `${driver} ${request}`
  const lost = seen.get(key) ?? new Set()
  seen.set(key, lost)
  return lost
}

async function eachAlone(machine: RecordedMachine): Promise<void> {
  const { driver } = machine
  const { figures, asked } = await read(machine)
  expect(figures['state']).not.toBe('unknown')
  const { depends = {} } = await dependencesOf(driver.name)
  const lost: string[] = []
  // side by side, for a late answer is waited for
  await Promise.all(
    [...new Set(asked)].map(async (request) => {
      const ofRequest = seenOf(driver.name, request)
      const isListed = (name: string) => depends[request]?.figures.split(' ').includes(name) === true
      for (const how of DISTURBANCES) {
        for (const name of await lostWithout(machine, figures, request, how)) {
          ofRequest.add(name)
          if (!isListed(name)) lost.push(`${request}, ${how}: ${name}`)
        }
      }
    }),
  )
  expect(lost.sort()).toEqual([])
}

describe('an answer that is refused, malformed, empty or late costs only the figures that it alone tells', () => {
  test.concurrent.each(machines)('$name', eachAlone)
})

describe('the list of what depends on one answer is exact', () => {
  const drivers = DRIVERS.filter(({ kind }) => kind === 'asic')

  test.each(drivers)('$name: each listed figure was lost without its answer', async ({ name }) => {
    const { depends = {} } = await dependencesOf(name)
    for (const [request, { figures, because }] of Object.entries(depends)) {
      expect(because, `${name} ${request}`).toMatch(/\w/)
      expect([...seenOf(name, request)].sort().join(' '), `${name} ${request}`).toBe(figures)
    }
  })

  test.each(drivers)('$name: each declared request was made, or says why not', async ({ name, requests }) => {
    const { unasked: reasons = {} } = await dependencesOf(name)
    const unasked = requests.filter((request) => !seen.has(`${name} ${request}`))
    expect(unasked.sort()).toEqual(Object.keys(reasons).sort())
  })
})
