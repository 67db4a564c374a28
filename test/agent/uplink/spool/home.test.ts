import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { homeOf } from '../../../../agent/uplink/spool/home.ts'
import { createLog } from '../../../../protocol/kit/log.ts'
import { drain, numbered, numbersOf, openSpool, remove, tempFolder } from './fixtures.ts'

let root: string
let lines: string[]
beforeEach(() => {
  root = tempFolder()
  lines = []
})
afterEach(() => remove(root))

const open = (agent: string, folder = agent) =>
  openSpool(join(root, folder), {
    home: homeOf('plains', agent, join(root, folder)),
    log: createLog({ write: (line) => lines.push(line) }),
  })
const all = async (spool: Awaited<ReturnType<typeof open>>) =>
  (await drain(spool)).flatMap((b) => numbersOf(b.intervals))

/** Agent `hall` with ten records that wait, and a state of its own. */
async function hall() {
  const spool = await open('hall')
  spool.append(numbered(1, 10))
  await spool.commit({ counters: 'of hall' })
  return spool
}

it('a folder that was copied from another agent is put aside: neither its records nor its counters are this agent’s', async () => {
  const first = await hall()
  cpSync(join(root, 'hall'), join(root, 'roof'), { recursive: true })
  const copy = await open('roof')
  expect(copy.lastCommitted).toBeUndefined()
  expect(copy.state()).toMatchObject({ records: 0, setAside: { site: 'plains', agent: 'hall', records: 10 } })
  copy.append(numbered(101, 2))
  await copy.commit()
  expect(await all(copy)).toEqual([101, 102])
  expect(await all(first)).toHaveLength(10)
  expect(lines.join()).toContain('this spool was copied from another agent')
  const [aside = ''] = readdirSync(join(root, 'roof')).filter((name) => name.startsWith('copied-from-hall-'))
  expect(existsSync(join(root, 'roof', aside, 'checkpoint.a'))).toBe(true)
  await copy.close()
  await first.close()
  const next = await open('roof')
  expect(next.state().setAside).toBeUndefined()
  await next.close()
})

it('a copied folder is put aside too where none of its checkpoints can be read: a file of its own tells whose it is', async () => {
  const first = await hall()
  cpSync(join(root, 'hall'), join(root, 'roof'), { recursive: true })
  for (const slot of ['checkpoint.a', 'checkpoint.b']) writeFileSync(join(root, 'roof', slot), 'torn')
  const copy = await open('roof')
  expect(copy.state()).toMatchObject({ records: 0, setAside: { agent: 'hall', records: 10 } })
  await copy.close()
  await first.close()
})

it('an agent that was renamed goes on with its records', async () => {
  await (await hall()).close()
  const renamed = await open('hall-1', 'hall')
  expect(renamed.lastCommitted).toEqual({ counters: 'of hall' })
  expect(await all(renamed)).toHaveLength(10)
  await renamed.close()
})

it('an agent whose folder moved with it goes on with its records', async () => {
  await (await hall()).close()
  cpSync(join(root, 'hall'), join(root, 'moved'), { recursive: true })
  const moved = await open('hall', 'moved')
  expect(await all(moved)).toHaveLength(10)
  await moved.close()
})
