import { expect, it } from 'vitest'
import { Twins } from '../../../collector/ingest/twins.ts'
import nameTwice from '../../../collector/rules/name-twice.ts'
import type { Program } from '../../../protocol/program.ts'
import { agent, situation } from '../alerts/situations.ts'

const program = (n: number): Program => ({
  instance: `0000000${n}`,
  startedAtMs: n,
  host: `host-${n}`,
  addresses: [`10.0.0.${n}`, `fd00::${n}`],
})
const [A, B] = [program(1), program(2)]

it('an agent that is restarted, however often, is one agent', () => {
  const twins = new Twins()
  for (let n = 1; n < 8; n++) for (let i = 0; i < 3; i++) twins.hear('hall', program(n), n)
  expect(twins.situations(8)).toEqual([])
})

it('one that comes back after another took its place is told, the earlier first, until both are quiet for a while', () => {
  const twins = new Twins()
  for (const [i, one] of [B, A, B, A, A].entries()) twins.hear('hall', one, i)
  expect(twins.situations(5)).toEqual([{ kind: 'agent', name: 'hall', programs: [A, B] }])
  expect(twins.situations(20 * 60_000)).toEqual([])
})

it('tells agents and collectors by name, host and addresses, with what to do', () => {
  const found = nameTwice.judge(
    situation(0, {
      agents: [agent({ agentId: 'hall' }), agent({ agentId: 'roof' })],
      twins: [
        { kind: 'agent', name: 'hall', programs: [A, B] },
        { kind: 'site', name: 'plains', programs: [A, B] },
      ],
    }),
    {},
  )
  expect(found).toEqual([
    {
      subject: { agentId: 'hall' },
      verdict: 'bad',
      summary:
        'two agents have the name hall: on host-1 (10.0.0.1, fd00::1), and since later on host-2 (10.0.0.2, fd00::2), which rests; stop one of them, or give it a name and a spool.folder of its own',
    },
    { subject: { agentId: 'roof' }, verdict: 'good' },
    {
      subject: {},
      verdict: 'bad',
      summary:
        'two collectors serve site plains: the one on host-1 (10.0.0.1, fd00::1) has it, the one on host-2 (10.0.0.2, fd00::2) stands by; stop one of them, or give it a site.id of its own. With databases of their own each has what it stored while it did not hear the other: the other counts that as lost, so keep both',
    },
  ])
  expect(nameTwice.judge(situation(0), {}).every((f) => f.verdict === 'good')).toBe(true)
})

it('tells two programs on one host apart by their processes', () => {
  const found = nameTwice.judge(
    situation(0, {
      agents: [],
      twins: [
        {
          kind: 'site',
          name: 'plains',
          programs: [
            { ...A, pid: 4711 },
            { ...A, instance: '0000000a', addresses: [], pid: 4712 },
          ],
        },
      ],
    }),
    {},
  )
  expect(found?.[0]?.summary).toContain(
    'the one on host-1 (10.0.0.1, fd00::1; process 4711) has it, the one on host-1 (process 4712) stands by',
  )
})
