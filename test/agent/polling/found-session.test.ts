import { expect, test } from 'vitest'
import { z } from 'zod'
import { ANOTHER_FIRMWARE, type Driver, defineDriver } from '../../../agent/plugin/driver.ts'
import { advised, foundSession } from '../../../agent/polling/found-session.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { soon } from '../asic-harness.ts'

const refusal = () =>
  new PerwattError(ANOTHER_FIRMWARE, '10.0.0.1:4028 runs A, not B; check the driver that is set for it')

/** A driver whose reads go so, one after another; the last one repeats. */
const driver = (name: string, ...reads: (Error | 'read')[]): Driver => {
  let i = 0
  return defineDriver({
    name,
    summary: '',
    kind: 'asic',
    settings: z.object({}),
    needsHost: true,
    requests: [],
    open: () => ({
      read: async () => {
        const read = reads[Math.min(i++, reads.length - 1)]
        if (read instanceof Error) throw read
        return []
      },
    }),
  }) as unknown as Driver
}

const found = (first: Driver, ...others: Driver[]) =>
  foundSession([first, ...others], (d) => d.open({ id: 'm1', host: '10.0.0.1', options: {} }))

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
    '10.0.0.1:4028 runs A, not B, and no other driver recognises it; name its driver in the configuration',
  )
})

test('a machine that does not answer is no reason to try another driver', async () => {
  const session = found(
    driver('vnish', new PerwattError('no-reply', 'no reply; check power')),
    driver('antminer', 'read'),
  )
  await expect(session.read(soon())).rejects.toThrow('no reply; check power')
  expect(session.driver).toBe('vnish')
})

test('where the configuration names the driver, the error says what to change there', async () => {
  const session = advised(driver('vnish', refusal()).open({ id: 'm1', host: '10.0.0.1', options: {} }))
  await expect(session.read(soon())).rejects.toThrow(
    '10.0.0.1:4028 runs A, not B; check the driver that is set for it, or set driver: auto',
  )
})
