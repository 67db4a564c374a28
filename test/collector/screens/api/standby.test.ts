import { afterEach, expect, test } from 'vitest'
import { createServer, type ScreensServer } from '../../../../collector/screens/server.ts'
import { SILENT } from '../../../../protocol/kit/log.ts'
import { createScene } from '../scene.ts'

let server: ScreensServer
let first: string | undefined
const start = async (): Promise<string> => {
  server = createServer({
    views: createScene(),
    assets: {},
    log: SILENT,
    version: '1.2.3',
    standsByFor: () => first,
  })
  const { address, port } = await server.listen('127.0.0.1', 0)
  return `http://${address}:${port}`
}
const post = (url: string, path: string) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  })
afterEach(() => server.close())

test('a collector that stands by refuses every change with the name of the one to ask, and answers all questions', async () => {
  const url = await start()
  first = 'hall-2, process 412'
  const refused = await post(url, '/api/v1/quotes')
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({
    error: { code: 'stands_by', message: expect.stringContaining('hall-2, process 412; ask that one') },
  })
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect((await post(url, '/api/v1/whatif')).status).not.toBe(503)
  first = undefined
  // no selector in this scene
  expect((await post(url, '/api/v1/quotes')).status).toBe(404)
})
