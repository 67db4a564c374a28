import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Checkpoint } from '../../../../agent/uplink/spool/checkpoint.ts'

describe('a checkpoint', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-checkpoint-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('gives the newest value, also to the one who wrote it (a reload opens the same spool again)', async () => {
    const checkpoint = new Checkpoint(folder)
    expect(await checkpoint.read()).toBeUndefined()
    for (const n of [1, 2, 3]) {
      await checkpoint.write({ n })
      expect(await checkpoint.read()).toEqual({ n })
      expect(await new Checkpoint(folder).read()).toEqual({ n })
    }
    await checkpoint.close()
  })

  it('continues after the last value of an earlier run', async () => {
    const first = new Checkpoint(folder)
    for (const n of [1, 2, 3]) await first.write({ n })
    await first.close()
    const second = new Checkpoint(folder)
    await second.read()
    await second.write({ n: 4 })
    expect(await new Checkpoint(folder).read()).toEqual({ n: 4 })
    await second.close()
  })
})
