import { expect, test } from 'vitest'
import { z } from 'zod'
import { defineDriver } from '../../../agent/plugin/driver.ts'
import { apart, withChecks } from '../../../agent/plugin/remembered.ts'

test.each([
  [undefined, {}],
  [{ energyJ: { hasMoved: true } }, {}],
  [undefined, { energy: { gpu0: 'why' } }],
  [{ energyJ: { hasMoved: true } }, { energy: { gpu0: 'why' } }],
])('what a session %j and its checks %j have learnt comes back apart', (session, checks) => {
  const kept = withChecks(session, { ...checks, work: undefined })
  expect(apart(kept === undefined ? undefined : JSON.parse(JSON.stringify(kept)))).toEqual({
    session,
    checks,
  })
})

test('what a version without checks wrote is the session’s own, and nonsense is nothing', () => {
  expect(apart({ inlet: { learntJ: 3600 } })).toEqual({ session: { inlet: { learntJ: 3600 } }, checks: {} })
  expect(apart({ checks: 'x', session: 1 })).toEqual({ session: 1, checks: {} })
})

test('a driver gets its own memory only, and what its checks refused stays refused for its next session', async () => {
  const opened: unknown[] = []
  let energyJ = 0
  const driver = defineDriver({
    name: 'x',
    summary: 'x',
    kind: 'gpu',
    needsHost: false,
    requests: [],
    settings: z.strictObject({}),
    open: (target) => {
      opened.push(target.remembered)
      return {
        read: async () => [
          {
            identity: { kind: 'gpu' },
            sample: { state: 'busy', powerW: 300 },
            counters: { energyJ: ++energyJ },
          },
        ],
        remembers: () => ({ own: true }),
      }
    },
  })
  const signal = new AbortController().signal
  const target = { id: 'gpu-01', host: '', options: {} }
  const first = driver.open(target)
  expect(first.remembers?.()).toEqual({ own: true })
  const second = driver.open({
    ...target,
    remembered: { checks: { energy: { '': 'it is of a module' } }, session: { own: true } },
  })
  const [reading] = await second.read(signal)
  expect(reading?.counters).toEqual({ refused: ['energyJ'] })
  expect(reading?.sample.faults).toEqual(['it is of a module'])
  expect(second.remembers?.()).toEqual({
    checks: { energy: { '': 'it is of a module' } },
    session: { own: true },
  })
  driver.open({ ...target, remembered: { inlet: 1 } })
  expect(opened).toEqual([undefined, { own: true }, { inlet: 1 }])
})
