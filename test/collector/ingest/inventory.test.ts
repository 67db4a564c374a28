import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { InventoryBook } from '../../../collector/ingest/inventory.ts'
import { createLog, type Log, SILENT } from '../../../protocol/kit/log.ts'
import type { InventoryMessage } from '../../../protocol/status.ts'

let data: string
const folder = () => join(data, 'inventories')
const fileOf = (agent: string) => join(folder(), `${agent}.json`)
const formerFile = () => join(data, 'inventory.json')
const open = (log: Log = SILENT) => new InventoryBook({ folder: folder(), formerFile: formerFile() }, log)
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'perwatt-inventory-'))
})
afterEach(() => rmSync(data, { recursive: true }))

const inventory = (rig: string, model = 'Antminer S21'): InventoryMessage => ({
  ...{ v: 1, atMs: 7, simulated: false },
  devices: [{ deviceId: rig, kind: 'asic', driver: 'antminer', model }],
})
const sorted = (book: InventoryBook) => [...book.entries()].sort(([a], [b]) => (a < b ? -1 : 1))

it('inventories come back as they were put, whatever the agents are called', async () => {
  const book = open()
  for (let i = 0; i < 50; i++) book.put(`agent-${i}`, inventory(`rig-${i}`))
  for (const name of ['agent "1"', '..', '.', 'ü'.repeat(300)]) book.put(name, inventory('rig'))
  expect(existsSync(folder())).toBe(false)
  await book.flush()
  expect(sorted(open())).toEqual(sorted(book))
  expect(readdirSync(folder())).toHaveLength(54)
  expect(readdirSync(data)).toEqual(['inventories'])
})

it('a change writes its agent’s file alone; the same inventory again writes nothing, and a forgotten agent has no file', async () => {
  const book = open()
  for (const agent of ['a', 'b', 'c']) book.put(agent, inventory(`rig-${agent}`))
  await book.flush()
  for (const agent of ['a', 'b']) rmSync(fileOf(agent))
  book.put('a', { ...inventory('rig-a'), atMs: 9 })
  await book.flush()
  expect(existsSync(fileOf('a'))).toBe(false)
  book.put('a', inventory('rig-a', 'Antminer S23'))
  book.forget('c')
  await book.flush()
  expect([...open().entries()]).toEqual([['a', inventory('rig-a', 'Antminer S23')]])
})

it('a spoilt file is told, costs no other agent its inventory, and is rebuilt from what its agent sends', async () => {
  const first = open()
  for (const agent of ['a', 'b']) first.put(agent, inventory('rig-1'))
  await first.flush()
  writeFileSync(fileOf('a'), '{"a":')
  const lines: string[] = []
  const book = open(createLog({ write: (line) => lines.push(line) }))
  expect([...book.entries()]).toEqual([['b', inventory('rig-1')]])
  expect(lines).toHaveLength(1)
  book.put('a', inventory('rig-1'))
  await book.flush()
  expect([...open().entries()]).toHaveLength(2)
})

it('the one file of an earlier version is read, and goes when each agent has its own; what is newer counts', async () => {
  mkdirSync(folder())
  writeFileSync(formerFile(), JSON.stringify({ a: inventory('old'), b: inventory('rig-b') }))
  writeFileSync(fileOf('a'), JSON.stringify({ agentId: 'a', ...inventory('new') }))
  const book = open()
  await book.flush()
  expect(existsSync(formerFile())).toBe(false)
  expect(sorted(open())).toEqual([
    ['a', inventory('new')],
    ['b', inventory('rig-b')],
  ])
})
