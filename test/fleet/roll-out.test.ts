import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentOf, TodaysAgent } from './agents.ts'
import { rollOut } from './roll-out.ts'

/** The oldest version that is held to, and every tagged one since. */
const FIRST = '54b681e'

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim()

function versions(): string[] {
  try {
    git('rev-parse', '--verify', `${FIRST}^{commit}`)
    return [
      FIRST,
      ...git('tag', '--list', 'v*', '--sort=-creatordate').split('\n').filter(Boolean).slice(0, 2),
    ]
  } catch {
    return []
  }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-fleet-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const known = versions()
if (known.length === 0)
  test.skip('agents of other versions: this clone has no history, so none could be built', () => {})

test.each(known)(
  'agents are updated from %s and put back in any order, and nothing is lost or doubled',
  async (ref) => {
    const { changes, problems } = await rollOut({
      ...{ seed: 1, agents: 10, machinesPerAgent: 3, pollMs: 1000, ms: 40_000 },
      ...{ folder: join(folder, ref), dist: resolve('dist') },
      ...{ before: await agentOf(ref), after: TodaysAgent, say: () => {} },
    })
    expect(changes).toBeGreaterThan(10)
    expect(problems).toEqual([])
  },
  600_000,
)
