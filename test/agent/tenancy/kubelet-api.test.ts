import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { askKubelet, isAlive, podFacts } from '../../../agent/tenancy/kubelet-api.ts'
import { placeOf, readCheckpoint } from '../../../agent/tenancy/kubelet-checkpoint.ts'
import { selfSigned } from '../../tls.ts'
import { type PageServer, servePage } from '../page-server.ts'
import { containerId, FakeHost, json } from './fake-host.ts'
import { pod } from './pods.ts'

const signal = new AbortController().signal
let host: FakeHost
let page: PageServer
beforeEach(async () => {
  host = new FakeHost()
  page = await servePage(json({ items: [] }))
})
afterEach(async () => {
  await page.close()
  await host.close()
})

const settings = (more: object = {}) => ({
  url: page.url.replace('/metrics', ''),
  tokenFile: join(host.folder, 'token'),
  insecureTls: false,
  checkpoint: join(host.folder, 'checkpoint'),
  podResources: join(host.folder, 'pod-resources.sock'),
  cdi: '/var/run/cdi',
  ...more,
})

describe('the kubelet', () => {
  test('is asked for its pods by GET, with the token that the file holds now', async () => {
    const asked: unknown[] = []
    page.answer = (req, res) => {
      asked.push(`${req.method} ${req.url} ${req.headers.authorization}`)
      json({ items: [pod({ uid: 'uid-1' })] })(req, res)
    }
    host.write('token', 'first\n')
    expect([...(await askKubelet(settings(), signal)).keys()]).toEqual(['uid-1'])
    host.write('token', 'second\n')
    await askKubelet(settings(), signal)
    expect(asked).toEqual(['GET /pods Bearer first', 'GET /pods Bearer second'])
  })

  test('of a read-only port wants no token', async () => {
    page.answer = (req, res) => json(req.headers.authorization ? {} : { items: null })(req, res)
    expect((await askKubelet(settings(), signal)).size).toBe(0)
  })

  test('is not asked where its token cannot be read, and the fault says what to do', async () => {
    // root may read any file, and no folder
    await expect(askKubelet(settings({ tokenFile: host.folder }), signal)).rejects.toThrow(
      "let the agent's user read the file, or correct kubelet.tokenFile",
    )
  })

  test('gives the pods that it can say something of', async () => {
    page.answer = json({ items: [{ metadata: { uid: 7 } }, 'x', pod({ uid: 'uid-1' })] })
    expect([...(await askKubelet(settings(), signal)).keys()]).toEqual(['uid-1'])
  })

  test.each([
    ['refuses', json({}, 403), 'a service account that may get nodes/proxy'],
    ['is another server', json({ hello: 1 }), 'check that it is a kubelet'],
    ['is in trouble', json({}, 500), 'answers 500'],
  ] as [string, RequestListener, string][])('that %s is a fault with what to do', async (_, answer, text) => {
    page.answer = answer
    await expect(askKubelet(settings(), signal)).rejects.toThrow(text)
  })

  test('is trusted by its authority, or where the operator says that any certificate will do', async () => {
    const { key, cert } = selfSigned(host.folder)
    const server = createServer({ key, cert }, json({ items: [pod({ uid: 'uid-1' })] }))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
      await expect(askKubelet(settings({ url }), signal)).rejects.toThrow('set insecureTls')
      expect((await askKubelet(settings({ url, caFile: join(host.folder, 'cert.pem') }), signal)).size).toBe(
        1,
      )
      expect((await askKubelet(settings({ url, insecureTls: true }), signal)).size).toBe(1)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })
})

describe('a pod', () => {
  const two = pod({ uid: 'u', containers: { serve: containerId('a'), sidecar: containerId('b') } })

  test('gives namespace, name, container, image and chosen labels', () => {
    expect(podFacts(two, { id: containerId('b') }, ['app'])).toEqual({
      owner: {
        namespace: 'team-a',
        pod: 'chat-0',
        container: 'sidecar',
        image: 'registry.example/sidecar:1',
        'label.app': 'chat',
      },
      complete: true,
    })
    expect(podFacts(two, { name: 'serve' }, []).owner).toMatchObject({
      container: 'serve',
      image: 'registry.example/serve:1',
    })
  })

  test('of which the status does not know the container yet is not complete, unless there is only one', () => {
    expect(podFacts(two, { id: containerId('c') }, [])).toEqual({
      owner: { namespace: 'team-a', pod: 'chat-0' },
      complete: false,
    })
    const one = pod({ uid: 'u', containers: { serve: undefined } })
    expect(podFacts(one, { id: containerId('c') }, [])).toMatchObject({
      owner: { container: 'serve' },
      complete: true,
    })
  })

  test.each([
    ['Running', true],
    ['Pending', true],
    ['Succeeded', false],
    ['Failed', false],
  ])('that is %s holds what it was given: %s', (phase, alive) =>
    expect(isAlive(pod({ uid: 'u', phase }))).toBe(alive),
  )
})

describe("the kubelet's checkpoint", () => {
  const entry = (DeviceIDs: unknown) => ({
    PodUID: 'u',
    ContainerName: 'serve',
    ResourceName: 'nvidia.com/gpu',
    DeviceIDs,
    AllocResp: 'CgA=',
  })
  const write = (entries: unknown) =>
    host.write(
      'checkpoint',
      JSON.stringify({ Data: { PodDeviceEntries: entries, RegisteredDevices: {} }, Checksum: 1 }),
    )

  test('lists devices by NUMA node, or plainly as before Kubernetes 1.20', async () => {
    const file = write([entry({ '-1': ['GPU-1'], '0': ['GPU-2', 'GPU-3'] }), entry(['GPU-4']), entry(null)])
    expect((await readCheckpoint(file)).map((d) => d.device).sort()).toEqual([
      'GPU-1',
      'GPU-2',
      'GPU-3',
      'GPU-4',
    ])
    expect((await readCheckpoint(file))[0]).toMatchObject({ podUid: 'u', container: 'serve' })
  })

  test('that is not there, or empty, gives nothing to anybody', async () => {
    expect(await readCheckpoint(join(host.folder, 'none'))).toEqual([])
    expect(await readCheckpoint(write(null))).toEqual([])
  })

  test.each(['{', '{"Data":{}}', '[]'])('of another form (%s) is a fault', async (text) => {
    await expect(readCheckpoint(host.write('checkpoint', text))).rejects.toThrow('has another form')
  })

  const gpus = [
    { index: 0, uuid: 'GPU-a', processes: [] },
    { index: 3, uuid: 'GPU-b', processes: [], instances: [{ instance: 7, smCount: 14, uuid: 'MIG-c' }] },
  ]
  test.each([
    ['GPU-a', { index: 0 }],
    ['GPU-a::4', { index: 0 }],
    ['MIG-c', { index: 3, instance: 7 }],
    ['nvidia0', { index: 0 }],
    ['nvidia3/gi7', { index: 3, instance: 7 }],
    ['nvidia9', undefined],
    ['GPU-x', undefined],
    ['0000:03:00.0', undefined],
  ])('means by %s %o', (device, place) => expect(placeOf(device, gpus)).toEqual(place))
})
