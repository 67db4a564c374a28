import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { repair } from '../../../collector/commands/repair.ts'
import { createDuckdbStore } from '../../../collector/stores/duckdb/duckdb.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { DAY_MS, interval } from '../stores/fixtures.ts'
import { copyWhileOpen } from '../stores/killed-database.ts'

let folder: string
let config: string
let said: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perwatt-repair-'))
  config = join(folder, 'collector.yaml')
  await writeFile(config, `site: { id: plains }\ndataFolder: ${folder}\nmqtt: { embedded: {} }\n`)
  said = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})
const file = () => join(folder, 'ledger.duckdb')
const create = () => createDuckdbStore({ path: file(), memoryLimitMb: 128, log: SILENT })

it('says that a whole store needs nothing', async () => {
  await repair({ config })
  expect(said.join('')).toContain('needs no repair; nothing was changed')
})

it('tells what it will do and changes nothing until a person says yes, then opens all rows', async () => {
  const store = create()
  await store.open()
  for (let seq = 1; seq <= 5; seq++)
    await store.append('a', { epoch: 1, seq }, [interval({ startMs: DAY_MS + seq * 60_000 })])
  await copyWhileOpen(store, file())
  await appendFile(`${file()}.wal`, Buffer.alloc(4096))
  const { size } = await stat(`${file()}.wal`)

  await expect(repair({ config })).rejects.toMatchObject({
    code: 'not-confirmed',
    message: expect.stringContaining('--yes'),
  })
  expect(said.join('')).toMatch(new RegExp(`torn at byte ${size - 4096}[^]*copied to[^]*4096 bytes go`))
  expect((await stat(`${file()}.wal`)).size).toBe(size)

  await repair({ config, yes: true })
  expect(said.join('')).toContain('opens again, with 5 interval rows')
  expect((await readdir(folder)).filter((name) => name.includes('.torn-'))).toHaveLength(1)
  await store.open()
  expect(await store.intervals(0, 2 * DAY_MS)).toHaveLength(5)
  expect(store.warnings).toEqual([])
  await store.close()
})
