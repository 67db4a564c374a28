import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ANOTHER_FIRMWARE, type Driver, defineDriver } from '../../../agent/plugin/driver.ts'
import { advised, foundSession } from '../../../agent/polling/found-session.ts'
import { Trials } from '../../../agent/polling/trials.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { withDeadline } from '../../../protocol/kit/retry.ts'
import { soon } from '../asic-harness.ts'

type Way = Error | 'read' | 'silence'

const refusal = () =>
  new PerwattError(ANOTHER_FIRMWARE, '10.0.0.1:4028 runs A, not B; check the driver that is set for it')

/** A driver whose reads go so, one after another; the last one repeats. */
const driver = (name: string, ...reads: Way[]): Driver => {
  let i = 0
  return defineDriver({
    name,
    summary: '',
    kind: 'asic',
    settings: z.object({}),
    needsHost: true,
    requests: [],
    fallback: name === 'cgminer',
    open: () => ({
      read: async (signal: AbortSignal) => {
        const read = reads[Math.min(i++, reads.length - 1)]
        if (read instanceof Error) throw read
        if (read === 'silence')
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        return []
      },
    }),
  }) as unknown as Driver
}

const open = (d: Driver) => d.open({ id: 'm1', host: '10.0.0.1', options: {} })
const found = (first: Driver, ...others: Driver[]) => foundSession([first, ...others], open)

const refused = () => new PerwattError('miner-refused', '10.0.0.1:4028 refuses "summary": invalid cmd')

test('where the likeliest driver finds another firmware, the next one reads the machine, and keeps it', async () => {
  const session = found(driver('vnish', refusal()), driver('antminer', 'read'), driver('cgminer', 'read'))
  expect(session.driver).toBe('vnish')
  await session.read(soon())
  await session.read(soon())
  expect(session.driver).toBe('antminer')
})

test('a machine that was read, and then changes, is not tried with other drivers: it is detected again', async () => {
  const session = found(driver('vnish', 'read', refusal()), driver('antminer', 'read'))
  await session.read(soon())
  const failure = session.read(soon())
  await expect(failure).rejects.toMatchObject({ code: ANOTHER_FIRMWARE })
  await expect(failure).rejects.toThrow('10.0.0.1:4028 runs A, not B; it is detected again at the next poll')
  expect(session.driver).toBe('vnish')
})

test('a machine that no driver reads says so, and never to set driver: auto', async () => {
  const session = found(driver('vnish', refusal()), driver('antminer', refusal()))
  await expect(session.read(soon())).rejects.toThrow(
    '10.0.0.1:4028 runs A, not B; no other driver recognises it: name its driver in the configuration',
  )
})

describe('where the likeliest driver is refused, or hears nothing', () => {
  test('the next one reads the machine in the same poll, and is kept once the first has failed three times', async () => {
    const session = found(driver('vnish', refused()), driver('antminer', 'read'), driver('cgminer', 'read'))
    for (let poll = 0; poll < 4; poll++) await session.read(soon())
    expect(session.driver).toBe('antminer')
  })

  test('a driver that missed one answer is back at the next poll, and the fallback has not won', async () => {
    const session = found(driver('whatsminer', refused(), 'read'), driver('cgminer', 'read'))
    await session.read(soon())
    await session.read(soon())
    expect(session.driver).toBe('whatsminer')
  })

  test('a driver that has read the machine is kept, however often it fails later', async () => {
    const session = found(driver('whatsminer', 'read', refused()), driver('cgminer', 'read'))
    await session.read(soon())
    for (let poll = 0; poll < 9; poll++)
      await expect(session.read(soon())).rejects.toThrow('refuses "summary"')
    expect(session.driver).toBe('whatsminer')
  })

  test('a silent interface leaves the next driver half of the poll’s time', async () => {
    const session = found(driver('whatsminer-v3', 'silence'), driver('whatsminer', 'read'))
    await withDeadline((signal) => session.read(signal), 2_000)
    expect(session.driver).toBe('whatsminer')
  })

  test('the likeliest driver is tried again later: the machine may have been starting', async () => {
    const session = found(
      driver('antminer', refused(), refused(), refused(), 'read'),
      driver('luxos', 'read'),
    )
    for (let poll = 0; poll < 60; poll++) await session.read(soon())
    expect(session.driver).toBe('luxos')
    await session.read(soon())
    expect(session.driver).toBe('antminer')
  })

  test('and no driver reads the machine, the likeliest one’s reason is told', async () => {
    const session = found(
      driver('vnish', refusal()),
      driver('antminer', refused()),
      driver('cgminer', 'silence'),
    )
    const failure = withDeadline((signal) => session.read(signal), 2_000)
    await expect(failure).rejects.toThrow('10.0.0.1:4028 refuses "summary": invalid cmd')
    await expect(failure).rejects.not.toThrow('driver: auto')
  })
})

describe('what is known of the drivers outlives a session', () => {
  const whatsminer = driver('whatsminer', 'read', refused())
  const cgminer = driver('cgminer', 'read')

  test('a driver that has read the machine is kept when the same drivers are found again', async () => {
    const trials = new Trials()
    await foundSession([whatsminer, cgminer], open, trials).read(soon())
    const session = foundSession([whatsminer, cgminer], open, trials)
    await expect(session.read(soon())).rejects.toThrow('refuses')
    expect(session.driver).toBe('whatsminer')
  })

  test('a detection that finds the fallback alone must come twice', () => {
    const trials = new Trials()
    trials.begin([whatsminer, cgminer])
    trials.read(whatsminer)
    expect(trials.begin([cgminer])).toBe(false)
    expect(trials.proven).toBe(whatsminer)
    expect(trials.begin([cgminer])).toBe(true)
    expect(trials.order).toEqual([cgminer])
  })

  test('other drivers that recognise the machine are tried as if it were a new one', () => {
    const trials = new Trials()
    trials.begin([whatsminer, cgminer])
    trials.read(whatsminer)
    const vnish = driver('vnish', 'read')
    expect(trials.begin([vnish, whatsminer, cgminer])).toBe(true)
    expect(trials.order).toEqual([vnish, whatsminer, cgminer])
  })
})

test('where the configuration names the driver, the error says what to change there', async () => {
  const session = advised(driver('vnish', refusal()).open({ id: 'm1', host: '10.0.0.1', options: {} }))
  await expect(session.read(soon())).rejects.toThrow(
    '10.0.0.1:4028 runs A, not B; check the driver that is set for it, or set driver: auto',
  )
})
