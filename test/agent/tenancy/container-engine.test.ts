import { chmodSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askContainerEngine } from '../../../agent/tenancy/container-engine.ts'
import { containerId, FakeHost, json } from './fake-host.ts'

const signal = new AbortController().signal
const id = containerId('a')
const labels = ['com.example/team']
let host: FakeHost
let socket: string
beforeEach(() => {
  host = new FakeHost()
  socket = host.settings.dockerSocket
})
afterEach(() => host.close())

describe('the API of Docker and Podman', () => {
  test('is asked by GET for one container, and gives name, image and chosen labels', async () => {
    const asked: string[] = []
    await host.listen(socket, (req, res) => {
      asked.push(`${req.method} ${req.url}`)
      json({
        Name: '/train-7',
        Config: { Image: 'registry.example/train:3', Labels: { 'com.example/team': 'vision', secret: 'x' } },
      })(req, res)
    })
    expect(await askContainerEngine(socket, id, labels, signal)).toEqual({
      containerName: 'train-7',
      image: 'registry.example/train:3',
      'label.com.example.team': 'vision',
    })
    expect(asked).toEqual([`GET /containers/${id}/json`])
  })

  test('that knows no such container says so', async () => {
    await host.listen(socket, json({ message: 'No such container' }, 404))
    expect(await askContainerEngine(socket, id, labels, signal)).toBeUndefined()
  })

  test.each([
    ['an error', json({}, 500), 'answers 500'],
    ['another API', json({ hello: 1 }), "check that it is Docker's or Podman's API"],
  ])('that answers with %s is a fault', async (_, answer, text) => {
    await host.listen(socket, answer)
    await expect(askContainerEngine(socket, id, labels, signal)).rejects.toThrow(text)
  })

  test('that is not there says which setting to correct', async () => {
    await expect(askContainerEngine(socket, id, labels, signal)).rejects.toThrow(
      'docker.sock is not there; correct dockerSocket',
    )
    await expect(askContainerEngine(host.settings.podmanSocket, id, labels, signal)).rejects.toThrow(
      'enable podman.socket',
    )
  })

  test('that may not be opened says which group is needed', async () => {
    await host.listen(socket, json({}))
    chmodSync(host.folder, 0o755)
    chmodSync(socket, 0o600)
    const restore = process.geteuid?.() === 0
    if (restore) process.seteuid?.(65534)
    else chmodSync(socket, 0)
    try {
      await expect(askContainerEngine(socket, id, labels, signal)).rejects.toThrow(
        'add its user to group docker',
      )
    } finally {
      if (restore) process.seteuid?.(0)
    }
  })

  test('that hangs is left at the deadline', async () => {
    await host.listen(socket, () => {})
    await expect(askContainerEngine(socket, id, labels, AbortSignal.timeout(50))).rejects.toThrow()
  })
})
