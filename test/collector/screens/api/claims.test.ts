import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { adopt, listAdoptions, listClaims, setApart } from '../../../../collector/commands/devices.ts'
import { ClaimQueries } from '../../../../collector/ownership/claim-queries.ts'
import { createServer, type ScreensServer } from '../../../../collector/screens/server.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { Secret } from '../../../../protocol/kit/secret.ts'
import { batch, record } from '../../ledger-rig.ts'
import { MemoryStore } from '../../memory-store.ts'
import { OwnersRig } from '../../ownership/owners-rig.ts'
import { iso } from '../books-rig.ts'
import { createScene } from '../scene.ts'

const TOKEN = 'a-token-of-this-test'
const WHO = { agent: 'new', by: 'ann', reason: 'a new host' }

describe('whose a device is', () => {
  let rig: OwnersRig
  let server: ScreensServer
  let url: string
  let folder: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perwatt-claims-'))
    writeFileSync(join(folder, 'token'), TOKEN)
    const store = new MemoryStore()
    rig = await new OwnersRig(store).start()
    await rig.ledger.take(batch(1, [record(0), record(1)]), 'old')
    await rig.ledger.take(batch(1, [record(1), record(2), record(3)]), 'new')
    await rig.ledger.settleAll()
    await serve(true)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await server.close()
    await rig.stop()
    rmSync(folder, { recursive: true })
  })
  async function serve(token: boolean) {
    await server?.close()
    const { store, register, adoption } = rig
    server = createServer({
      views: createScene(),
      claims: new ClaimQueries({ store, register, adoption }),
      assets: {},
      log: SILENT,
      version: '1.2.3',
      now: () => rig.ledger.nowMs,
      ...(token ? { token: new Secret(TOKEN) } : {}),
    })
    const { address, port } = await server.listen('127.0.0.1', 0)
    url = `http://${address}:${port}`
  }
  const ask = async (path: string, body?: unknown) => {
    const answer = await fetch(`${url}/api/v1/devices/${path}`, {
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as { error?: { message: string } } }
  }
  const printed = async (run: (o: { config: string; url: string; tokenFile: string }) => Promise<void>) => {
    let text = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += chunk
      return true
    })
    await run({ config: 'unused', url, tokenFile: join(folder, 'token') })
    vi.mocked(process.stdout.write).mockRestore()
    return text
  }

  test('is listed with who has it, why, and what waits', async () => {
    expect(await ask('claims')).toEqual({
      status: 200,
      body: [
        {
          agentId: 'new',
          deviceId: 'rig1',
          owner: { agentId: 'old', deviceId: 'rig1' },
          because: 'the name rig1',
          claimedAt: iso(10),
          waiting: { records: 3, from: iso(1), to: iso(4) },
        },
      ],
    })
    expect(await printed(listClaims)).toMatch(/^new +rig1 +old +rig1 +the name rig1 +3 +2026-06-01T10:01/m)
  })

  test('changes by one command, and the audit names the person', async () => {
    expect(await printed((o) => adopt(['rig1'], { ...o, ...WHO, owner: 'old' }))).toMatch(
      /adopted by ann \(a new host\)\n.*\n *rig1 +new +rig1 +old +2026-06-01T10:02/,
    )
    expect(await printed(listAdoptions)).toContain('adopted by ann (a new host)')
    expect(await printed((o) => listAdoptions({ ...o, json: true }))).toContain('"done": true')
  })

  test('stays where the two are machines of their own', async () => {
    expect(await printed((o) => setApart([], { ...o, ...WHO }))).toContain('set apart by ann')
    expect(await printed(listClaims)).toContain('every device belongs to the agent that reads it')
    expect(await ask('adoptions?limit=1')).toMatchObject({ body: [{ kind: 'apart', done: true }] })
  })

  test('is not changed without a token', async () => {
    await serve(false)
    for (const path of ['adopt', 'apart'])
      expect(await ask(path, WHO)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } })
  })

  test.each([
    [
      'an agent of which nothing is put aside',
      { ...WHO, agent: 'old' },
      404,
      'no device of agent old is put aside',
    ],
    ['another owner', { ...WHO, owner: 'x' }, 404, 'that belongs to agent x is put aside'],
    ['a time to come', { ...WHO, from: '2036-01-01T00:00:00Z' }, 400, 'from: expected a time in the past'],
    ['nobody’s name', { ...WHO, by: ' ' }, 400, 'by'],
    ['an unknown setting', { ...WHO, all: true }, 400, 'all'],
  ])('is not changed for %s', async (_, body, status, why) => {
    const answer = await ask('adopt', body)
    expect(answer.status).toBe(status)
    expect(answer.body.error?.message).toContain(why)
  })
})
