import { expect, test } from 'vitest'
import { dataAgeOf } from '../../../../../collector/screens/web/parts/data-age.ts'
import type { AgentView } from '../../../../../collector/views/site.ts'
import { createScene } from '../../scene.ts'

const scene = createScene()
const site = scene.site()

const agent = (agentId: string, state: AgentView['state'], silentS: number, pollS = 5): AgentView => ({
  agentId,
  state,
  lastSeenMs: site.atMs - silentS * 1000,
  pollS,
  devices: 1,
  simulated: false,
  version: '0.1.0',
})
const at = (agents: AgentView[], gapS: number) => dataAgeOf({ site: { ...site, agents } }, gapS)

test('the age is that of the online agent with the oldest message, and grows while no frame comes', () => {
  const agents = [agent('a', 'online', 1), agent('b', 'online', 4)]
  expect(at(agents, 0)).toEqual({ ageS: 4, stale: false, silent: [] })
  expect(at(agents, 11)).toEqual({ ageS: 15, stale: false, silent: [] })
  expect(at(agents, 11.5)).toEqual({ ageS: 15.5, stale: true, silent: [] })
})

test('the oldest reading is told beside the newest message, and grows with it', () => {
  const { oldestReadingS: _, ...bare } = site
  const of = (oldestReadingS: number) =>
    dataAgeOf({ site: { ...bare, agents: [agent('a', 'online', 0.2)], oldestReadingS } }, 1).oldestS
  expect(of(9)).toBe(10)
  expect(dataAgeOf({ site: { ...bare, agents: [] } }, 1).oldestS).toBeUndefined()
})

test('one silent agent is named while the site goes on', () => {
  expect(at([agent('a', 'online', 1), agent('b', 'stale', 42), agent('c', 'offline', 90)], 0)).toEqual({
    ageS: 1,
    stale: false,
    silent: [
      { agentId: 'c', state: 'offline', silentS: 90 },
      { agentId: 'b', state: 'stale', silentS: 42 },
    ],
  })
})

test('when all agents are silent the site is stale, as old as the last message', () => {
  expect(at([agent('a', 'stale', 16), agent('b', 'offline', 300)], 2)).toMatchObject({
    ageS: 18,
    stale: true,
  })
})

test('an agent that never connected has no age, and is not 0 s old', () => {
  const { lastSeenMs: _, ...never } = agent('a', 'offline', 0)
  expect(at([never], 2)).toEqual({ stale: true, silent: [{ agentId: 'a', state: 'offline' }] })
})

test('a site without agents is empty, not stale, until the frames stop', () => {
  expect(at([], 1)).toEqual({ stale: false, silent: [] })
  expect(at([], 4)).toEqual({ stale: true, silent: [] })
})
