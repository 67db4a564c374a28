import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LastKnownFile } from '../../../collector/composition/last-known-file.ts'
import { SILENT } from '../../../protocol/kit/log.ts'
import { SmallFiles } from '../../../protocol/kit/small-files.ts'
import { createScene } from '../screens/scene.ts'

let folder: string
let file: LastKnownFile
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perwatt-known-'))
  file = new LastKnownFile(folder, { files: new SmallFiles(SILENT), log: SILENT })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('gives back the figures that it kept, and keeps none of a site that is not heard', async () => {
  expect(file.read()).toBeUndefined()
  const scene = createScene()
  const site = scene.site()
  await file.keep(scene)
  expect(file.read()).toMatchObject({ atMs: site.atMs, site: { powerW: site.powerW } })
  expect(file.read()?.workloads).toHaveLength(scene.workloads().length)
  scene.advance(60_000)
  scene.change.site = { powerW: 1, stale: { devices: 3, whole: true, heardMs: site.atMs } }
  await file.keep(scene)
  expect(file.read()?.site.powerW).toBe(site.powerW)
})

it('begins without figures where the file is damaged', () => {
  writeFileSync(join(folder, 'last-known.json'), '{"atMs":1,')
  expect(file.read()).toBeUndefined()
})
