import { expect, it } from 'vitest'
import type { NumbersSituation } from '../../../collector/plugin/situation.ts'
import agentNumbers from '../../../collector/rules/agent-numbers.ts'
import { agent, situation } from '../alerts/situations.ts'

const judge = (...numbers: NumbersSituation[]) =>
  agentNumbers.judge(
    situation(0, { agents: [agent({ agentId: 'hall' }), agent({ agentId: 'roof' })], numbers }),
    {},
  )

it('is well where every agent’s numbers follow each other', () => {
  expect(judge().map((f) => f.verdict)).toEqual(['good', 'good'])
})

it.each([
  [{ kind: 'went-back', records: 12 }, /restored, rolled back or copied\): up to 12 records are missing/],
  [{ kind: 'another-spool', records: 0 }, /a second agent of its name\): no record is missing/],
  [
    { kind: 'copied', records: 7, of: 'roof' },
    /a copy of agent roof's: 7 waiting records of roof are put aside/,
  ],
  [
    { kind: 'lost', records: 3 },
    /^3 records of agent hall are lost, .*its spool was full or damaged; check its disk and spool.maxBytes$/,
  ],
  [
    { kind: 'lost', records: 1, reason: 'the database lost them' },
    /^1 record .* is lost, .*: the database lost them$/,
  ],
  [{ kind: 'refused', records: 0, reason: 'epoch 9 can’t be' }, /epoch 9 can’t be; .* agents reset hall$/],
] as const)('tells %o with its cure', (found, text) => {
  const [bad, good] = judge({ agentId: 'hall', ...found })
  expect(bad).toMatchObject({
    subject: { agentId: 'hall' },
    verdict: 'bad',
    summary: expect.stringMatching(text),
  })
  expect(good).toMatchObject({ subject: { agentId: 'roof' }, verdict: 'good' })
})

it('is one finding for an agent, of what goes on before what is over', () => {
  const found = judge(
    { agentId: 'hall', kind: 'went-back', records: 1 },
    { agentId: 'hall', kind: 'refused', records: 0, reason: 'its mark can’t be' },
  )
  expect(found.map((f) => [f.subject.agentId, f.verdict])).toEqual([
    ['hall', 'bad'],
    ['roof', 'good'],
  ])
  expect(found[0]?.summary).toMatch(/its mark can’t be/)
})
