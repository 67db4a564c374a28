import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { InventoryBook } from '../../../collector/ingest/inventory.ts'
import { createLog, SILENT } from '../../../protocol/kit/log.ts'
import type { InventoryMessage } from '../../../protocol/status.ts'

let folder: string
const file = () => join(folder, 'data', 'inventory.json')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-inventory-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const inventory = (rig: string, model = 'Antminer S21'): InventoryMessage => ({
  ...{ v: 1, atMs: 7, simulated: false },
  devices: [{ deviceId: rig, kind: 'asic', driver: 'antminer', model }],
})

it('inventories of a site that comes up at once are written together, not once for each agent', async () => {
  const book = new InventoryBook(file(), SILENT)
  for (let i = 0; i < 500; i++) book.put(`agent "${i}"`, inventory(`rig-${i}`))
  expect(existsSync(file())).toBe(false)
  await book.flush()
  const all = [...new InventoryBook(file(), SILENT).entries()]
  expect(all).toEqual([...book.entries()])
  expect(all).toHaveLength(500)
  expect(readdirSync(join(folder, 'data'))).toEqual(['inventory.json'])
})

it('a change and an agent that is forgotten are written, and the same inventory again is not', async () => {
  const book = new InventoryBook(file(), SILENT)
  book.put('a', inventory('rig-1'))
  book.put('b', inventory('rig-2'))
  await book.flush()
  rmSync(file())
  book.put('a', { ...inventory('rig-1'), atMs: 9 })
  await book.flush()
  expect(existsSync(file())).toBe(false)
  book.put('a', inventory('rig-1', 'Antminer S23'))
  book.forget('b')
  await book.flush()
  expect([...new InventoryBook(file(), SILENT).entries()]).toEqual([
    ['a', inventory('rig-1', 'Antminer S23')],
  ])
})

it('a spoilt file is told, and rebuilt from what the agents send', async () => {
  const first = new InventoryBook(file(), SILENT)
  first.put('a', inventory('rig-1'))
  await first.flush()
  writeFileSync(file(), '{"a":')
  const lines: string[] = []
  const book = new InventoryBook(file(), createLog({ write: (line) => lines.push(line) }))
  expect([...book.entries()]).toEqual([])
  expect(lines).toHaveLength(1)
  book.put('a', inventory('rig-1'))
  await book.flush()
  expect([...new InventoryBook(file(), SILENT).entries()]).toHaveLength(1)
})
