import { expect, test } from 'vitest'
import { learnFrom } from '../../../collector/doubts/learnt.ts'
import type { Decision, HeldFilter, HeldRecord } from '../../../collector/plugin/held.ts'
import { record } from './doubt-rig.ts'

const held = [0, 1].map((minute) => ({ record: { ...record(minute, 'llm'), agentId: 'a' } })) as HeldRecord[]

/** What is learnt and unlearnt of a decision. */
async function after(decision: Pick<Decision, 'verdict'> & { filter: HeldFilter }): Promise<string[]> {
  const done: string[] = []
  await learnFrom(
    { ...decision, records: 2 } as Decision,
    { held: async ({ state, checks }) => (state === decision.verdict && checks?.length ? held : []) },
    {
      learn: (agentId, deviceId, records) =>
        void done.push(`learn ${agentId} ${deviceId} of ${records.length}`),
      unlearn: (agentId, deviceId) => void done.push(`unlearn ${agentId} ${deviceId}`),
    },
  )
  return done
}

test('an accept teaches what its records show, and a reject that takes it back forgets it', async () => {
  expect(await after({ verdict: 'accepted', filter: { state: 'open' } })).toEqual(['learn a llm of 2'])
  expect(await after({ verdict: 'rejected', filter: { state: 'accepted' } })).toEqual(['unlearn a llm'])
})

test('a reject of open records, and decisions of other checks or claims, teach nothing', async () => {
  expect(await after({ verdict: 'rejected', filter: { state: 'open' } })).toEqual([])
  expect(await after({ verdict: 'accepted', filter: { state: 'open', checks: ['work'] } })).toEqual([])
  expect(await after({ verdict: 'accepted', filter: { state: 'open', kinds: ['claim'] } })).toEqual([])
})
